/** Where attached data is in a notebook's metadata: ours, and rucio-jupyterlab's. */
export const OUR_KEY = 'escape_vre';
export const PEER_KEY = 'rucio_attachments';
