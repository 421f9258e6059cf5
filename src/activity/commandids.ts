/** Names of everything that can be done with a transfer. */
export const TransferCommandIDs = {
  cancel: 'escape-vre:transfers-cancel',
  retry: 'escape-vre:transfers-retry',
  forget: 'escape-vre:transfers-forget',
  open: 'escape-vre:transfers-open',
  clear: 'escape-vre:transfers-clear'
} as const;
