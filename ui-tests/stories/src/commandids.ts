export const CommandIDs = {
  open: 'escape-vre-stories:books-open',
  search: 'escape-vre-stories:books-search',
  refresh: 'escape-vre-stories:books-refresh',
  signIn: 'escape-vre-stories:books-sign-in'
} as const;
