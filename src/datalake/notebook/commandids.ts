/** Names of everything that can be done with data that is attached to a notebook. */
export const NotebookCommandIDs = {
  get: 'escape-vre:notebook-data-get',
  overwrite: 'escape-vre:notebook-data-overwrite',
  rename: 'escape-vre:notebook-data-rename',
  detach: 'escape-vre:notebook-data-detach',
  insertCode: 'escape-vre:notebook-data-insert-code',
  paths: 'escape-vre:notebook-data-insert-paths'
} as const;
