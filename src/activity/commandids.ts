/** Names of everything that can be done with a job. */
export const ActivityCommandIDs = {
  cancel: 'escape-vre:activity-cancel',
  retry: 'escape-vre:activity-retry',
  forget: 'escape-vre:activity-forget',
  open: 'escape-vre:activity-open',
  clear: 'escape-vre:activity-clear'
} as const;

/** The command, if there is one, that shows a thing by its ref. */
export function openRefCommand(service: string): string {
  return `escape-vre:${service}-open-ref`;
}

/** The command with which each panel shows the jobs of its service. */
export function showCommand(service: string): string {
  return `escape-vre:${service}-activity`;
}
