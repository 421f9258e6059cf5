import { openRefCommand } from '../activity/commandids';

/** Names of everything that the data lake panel can be told to do. */
export const CommandIDs = {
  open: 'escape-vre:datalake-open',
  search: 'escape-vre:datalake-search',
  refresh: 'escape-vre:datalake-refresh',
  scopes: 'escape-vre:datalake-scopes',
  signIn: 'escape-vre:datalake-sign-in',
  signOut: 'escape-vre:datalake-sign-out',
  useInstance: 'escape-vre:datalake-use-instance',
  openItem: 'escape-vre:datalake-open-item',
  get: 'escape-vre:datalake-get',
  getTo: 'escape-vre:datalake-get-to',
  getSome: 'escape-vre:datalake-get-some',
  insert: 'escape-vre:datalake-insert',
  attach: 'escape-vre:datalake-attach',
  notebook: 'escape-vre:datalake-notebook',
  copyDid: 'escape-vre:datalake-copy-did',
  copyLink: 'escape-vre:datalake-copy-link',
  openDid: openRefCommand('datalake'),
  followLink: 'escape-vre:datalake-follow-link',
  putSelected: 'escape-vre:datalake-put-selected',
  put: 'escape-vre:datalake-put',
  keepCopy: 'escape-vre:datalake-keep-copy',
  ruleLifetime: 'escape-vre:datalake-rule-lifetime',
  ruleDelete: 'escape-vre:datalake-rule-delete',
  copyPath: 'escape-vre:datalake-copy-path',
  showInFileBrowser: 'escape-vre:datalake-show-in-file-browser',
  details: 'escape-vre:datalake-details',
  activity: 'escape-vre:datalake-activity'
} as const;
