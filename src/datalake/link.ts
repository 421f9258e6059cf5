/** A web address that opens a DID in whoever's JupyterLab follows it. */
import type { IRouter, JupyterFrontEnd } from '@jupyterlab/application';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { CommandIDs } from './commandids';

/** What a link names. */
export interface ILinked {
  /** `scope:name`. */
  did: string;
  /** The name of the data lake, where it is not the default. */
  instance?: string;
}

const DID = 'datalake';
const INSTANCE = 'datalake-instance';

/**
 * The address for a DID.
 *
 * At a hub it leads through the hub, which sends everybody to their own server.
 */
export function linkTo({ did, instance }: ILinked, origin: string): string {
  const hub = PageConfig.getOption('hubPrefix');
  const lab = hub
    ? URLExt.join(hub, 'user-redirect/lab')
    : URLExt.join(PageConfig.getBaseUrl(), 'lab');
  const query = URLExt.objectToQueryString({
    [DID]: did,
    ...(instance ? { [INSTANCE]: instance } : {})
  });
  const host = PageConfig.getOption('hubHost') || origin;
  return new URL(`${lab}${query}`, host).href;
}

/** What the address of the page names, and the address without it. */
export function linkIn(search: string): (ILinked & { search: string }) | null {
  const query = new URLSearchParams(search);
  const did = query.get(DID);
  const instance = query.get(INSTANCE) ?? undefined;
  if (!did) {
    return null;
  }
  query.delete(DID);
  query.delete(INSTANCE);
  const rest = query.toString();
  return { did, instance, search: rest && `?${rest}` };
}

/** Follow the link in the address: once, a reload shows what was listed last. */
export async function followLink(
  app: JupyterFrontEnd,
  router: IRouter
): Promise<void> {
  const found = linkIn(router.current.search ?? '');
  if (found) {
    const { did, instance, search } = found;
    router.navigate(`${router.current.path}${search}`, { skipRouting: true });
    // Restoring the layout would put another panel in front.
    await app.restored;
    await app.commands.execute(CommandIDs.openDid, {
      ref: `rucio:${did}`,
      instance
    });
  }
}
