/** What is done to collections; loaded with the panel. */
export const CollectionIDs = {
  newDataset: 'escape-vre:datalake-new-dataset',
  newContainer: 'escape-vre:datalake-new-container',
  attachTo: 'escape-vre:datalake-attach-to',
  detach: 'escape-vre:datalake-detach',
  close: 'escape-vre:datalake-close',
  reopen: 'escape-vre:datalake-reopen',
  editMetadata: 'escape-vre:datalake-edit-metadata',
  erase: 'escape-vre:datalake-erase',
  quota: 'escape-vre:datalake-quota'
} as const;
