# Installs the documents in the layout of the sources. Links to headers lead to where those are
# installed, and what is not installed is named without a link.
# SPDX-License-Identifier: Apache-2.0
#
# Wants source, scratch, destination and to_include, which is the path from destination to the headers.

function(sow_install_document document folder)
  file(READ "${source}/${document}" text)
  string(REGEX REPLACE "\\]\\((\\.\\./)?include/" "](\\1${to_include}/" text "${text}")
  string(REGEX REPLACE
    "\\[([^]]*)\\]\\((\\.\\./)?((tools|tests|fuzz|bench)/[^)]*|CONTRIBUTING\\.md|(docs/)?(architecture|testing)\\.md)\\)"
    "\\1" text "${text}")
  file(WRITE "${scratch}/${document}" "${text}")
  file(INSTALL "${scratch}/${document}" DESTINATION "${destination}/${folder}")
endfunction()

sow_install_document(README.md "")
sow_install_document(CHANGELOG.md "")
file(INSTALL "${source}/LICENSE" "${source}/examples" DESTINATION "${destination}")
file(INSTALL "${source}/docs/report.schema.json" DESTINATION "${destination}/docs")
file(GLOB documents RELATIVE "${source}" "${source}/docs/*.md")
list(REMOVE_ITEM documents docs/architecture.md docs/testing.md) # for who has the sources
foreach(document IN LISTS documents)
  sow_install_document(${document} docs)
endforeach()
