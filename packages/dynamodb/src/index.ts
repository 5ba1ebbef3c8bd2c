export {
  attribute,
  CONTEXT_INDEX,
  INDEXED_FIELDS,
  INDEXES,
  type IndexDefinition,
  OWNER_INDEX,
  tableDefinition,
} from './table-definition.ts';
