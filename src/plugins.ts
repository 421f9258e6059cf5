import { agentPlugin, jobsPlugin } from './core/plugin';
import { notebookDataPlugin } from './datalake/notebook/plugin';
import { datalakePlugin } from './datalake/plugin';
import { doctorPlugin } from './doctor/plugin';
import { activityPlugin, activityStatusPlugin } from './activity/plugin';

export default [
  agentPlugin,
  jobsPlugin,
  notebookDataPlugin,
  datalakePlugin,
  activityPlugin,
  activityStatusPlugin,
  doctorPlugin
];
