/** The panel's menus; loaded with it. */
import { ActivityCommandIDs } from '../activity/commandids';
import { DOCTOR } from '../doctor/commandids';
import { CollectionIDs } from './collections/commandids';
import { CommandIDs } from './commandids';

/** Of the whole panel; null is a line between two groups. */
export const MENU = [
  CommandIDs.search,
  CommandIDs.scopes,
  CommandIDs.refresh,
  null,
  CommandIDs.put,
  CollectionIDs.newDataset,
  CollectionIDs.newContainer,
  null,
  CollectionIDs.quota,
  CommandIDs.signIn,
  CommandIDs.signOut,
  DOCTOR,
  null,
  CommandIDs.activity,
  ActivityCommandIDs.clear
];

/** Of the arrow beside Get. */
export const GET_MENU = [CommandIDs.getTo, CommandIDs.getSome];
