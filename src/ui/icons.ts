import { LabIcon } from '@jupyterlab/ui-components';

/** Drawn for this package; `jp-icon3` takes the colour of Lab's own icons. */

function icon(name: string, shape: string): LabIcon {
  return new LabIcon({
    name: `escape-vre:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3 jp-icon-selectable" fill="#616161">${shape}</g></svg>`
  });
}

/** Three waves below a drop: the data lake. */
export const datalakeIcon = icon(
  'datalake',
  '<path d="M8 1.2c1.9 2 2.9 3.5 2.9 4.8a2.9 2.9 0 0 1-5.8 0c0-1.3 1-2.8 2.9-4.8z"/><path d="M1 10.2c1.2 0 1.6.9 3.5.9s2.3-.9 3.5-.9 1.6.9 3.5.9 2.3-.9 3.5-.9v1.3c-1.2 0-1.6.9-3.5.9s-2.3-.9-3.5-.9-1.6.9-3.5.9-2.3-.9-3.5-.9zM1 13.2c1.2 0 1.6.9 3.5.9s2.3-.9 3.5-.9 1.6.9 3.5.9 2.3-.9 3.5-.9v1.3c-1.2 0-1.6.9-3.5.9s-2.3-.9-3.5-.9-1.6.9-3.5.9-2.3-.9-3.5-.9z"/>'
);

/** A box that holds boxes. */
export const containerIcon = icon(
  'container',
  '<path d="M2 2h12v12H2zm1.3 1.3v9.4h9.4V3.300zM5 5h2.600v2.600H5zm3.400 0H11v2.600H8.400zM5 8.400h2.600V11H5zm3.400 0H11V11H8.400z" fill-rule="evenodd"/>'
);

/** A pile of sheets. */
export const datasetIcon = icon(
  'dataset',
  '<path d="M8 1.500l6.500 3L8 7.500l-6.500-3z"/><path d="M2.900 7.150L8 9.500l5.100-2.350 1.400.650L8 10.800 1.500 7.800zM2.900 10.450L8 12.800l5.100-2.350 1.400.650L8 14.100l-6.500-3z"/>'
);

/** A line of names: a scope. */
export const scopeIcon = icon(
  'scope',
  '<path d="M2 3h5l1.300 1.500H14V13H2zm1.300 3v5.700h9.400V6z" fill-rule="evenodd"/><path d="M6.500 7.500h1.400v1.200H6.500zm0 2.200h1.400v1.200H6.500z"/>'
);

export const getIcon = icon(
  'get',
  '<path d="M7.250 2h1.500v6.200l2.300-2.300 1.050 1.050L8 11.050l-4.100-4.100L4.950 5.900l2.300 2.300zM3 12.500h10V14H3z"/>'
);

export const putIcon = icon(
  'put',
  '<path d="M7.250 11.050h1.500V4.850l2.300 2.300 1.050-1.050L8 2 3.900 6.100l1.050 1.050 2.300-2.300zM3 12.500h10V14H3z"/>'
);

/** A pin. */
export const keepIcon = icon(
  'keep',
  '<path d="M5 1.500h6v1.400h-.800v4.300l1.800 2.200v1.400H8.700v3.700h-1.400v-3.700H4V9.400l1.800-2.200V2.900H5zm2.200 1.400v4.800L5.800 9.400h4.400L8.800 7.700V2.900z" fill-rule="evenodd"/>'
);

export const insertIcon = icon(
  'insert',
  '<path d="M2 3h8v1.400H3.400v7.200H10V13H2zM13.900 7.300v1.400H9.400l1.700 1.700-1 1L6.700 8l3.400-3.400 1 1-1.700 1.700z"/>'
);
