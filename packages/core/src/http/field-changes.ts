import type { FieldChanges } from './decide/downstream.js'
import type { HeaderFields } from './syntax/header-fields.js'

/** The fields after the changes: what is set stands in place of all lines of its name. */
export function changeFields(fields: HeaderFields, { set, remove }: FieldChanges): HeaderFields {
  const gone = new Set([...remove, ...set.map(([name]) => name.toLowerCase())])
  return [...fields.filter(([name]) => !gone.has(name.toLowerCase())), ...set]
}
