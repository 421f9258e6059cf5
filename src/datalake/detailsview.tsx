import { copyIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import type { IDid, IRuleInFull, ISite } from './api';
import type { IAgent, IJobs } from '../core/tokens';
import { ErrorBox } from '../ui/errorbox';
import { oneLine } from '../ui/elide';
import { formatBytes, formatCount } from '../ui/format';
import { Name } from '../ui/name';
import { DetailsSection } from '../ui/sidebar/detailssection';
import { FactList } from '../ui/sidebar/facts';
import type { Fact } from '../ui/sidebar/facts';
import { CollectionIDs } from './collections/commandids';
import { textOf } from './collections/words';
import { CommandIDs } from './commandids';
import { StateShape } from '../ui/outline/shape';
import { Lake } from './lake';
import { describe } from './rowstate';
import { Rules } from './rules/view';
import type { ILakeRow } from './rows';
import type { IDatalake, ILakeDetails } from './tokens';

export interface ILakeDetailsOptions {
  agent: IAgent;
  model: IDatalake;
  jobs: IJobs;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The section that tells everything about the selected DID. */
export function lakeDetails(
  options: ILakeDetailsOptions
): DetailsSection<ILakeRow, ILakeDetails> {
  const { model, trans } = options;
  return new DetailsSection({
    model,
    details: model.details,
    needed: ['did'],
    none: trans.__('Select a row to see its metadata and replicas.'),
    several: count =>
      trans.__('%1 selected. Get and Insert act on all of them.', count),
    signals: [model.states.changed],
    trans,
    draw: ref => <View {...options} didRef={ref} />
  });
}

function View(
  props: ILakeDetailsOptions & { didRef: string }
): React.JSX.Element {
  const { model, jobs, trans, didRef: ref } = props;
  const { details, states } = model;
  const did = details.get('did');
  const replicas = details.get('replicas');
  const replicasError = details.errorOf('replicas');
  const again = () => details.refresh();
  const state = states.get(ref);
  const view = describe(state, jobs.activeFor(ref), trans);
  return (
    <>
      <Title {...props} identifier={ref.replace(/^rucio:/, '')} />
      <p className="escape-Details-state">
        <StateShape shape={view.shape} />
        <span>{view.sentence}</span>
      </p>
      {[did?.note, state?.note, replicas?.note]
        .filter((note, at, all) => note && all.indexOf(note) === at)
        .map(note => (
          <p className="escape-Details-note" key={note}>
            {note}
          </p>
        ))}
      {did && <Facts {...props} did={did} path={state?.path ?? null} />}
      <RulesPart {...props} />
      <h4>{trans.__('Replicas')}</h4>
      {replicasError ? (
        <ErrorBox error={replicasError} trans={trans} onAgain={again} />
      ) : replicas === null ? (
        <div className="escape-Waiting-row" aria-hidden="true">
          <span />
        </div>
      ) : (
        <Sites sites={replicas.sites} trans={trans} />
      )}
    </>
  );
}

/** A rule that replicates is asked for again after so long. */
const RULES_MS = 5000;

function RulesPart(
  props: ILakeDetailsOptions & { didRef: string }
): React.JSX.Element {
  const { model, agent, commands, trans } = props;
  const { details } = model;
  const rules = details.get('rules');
  const error = details.errorOf('rules');
  const near = details.get('near');
  const heading = React.useRef<HTMLHeadingElement>(null);
  const isMoving = !!rules?.some(({ state }) => state === 'REPLICATING');
  React.useEffect(() => {
    if (isMoving) {
      const timer = setInterval(() => {
        // Nobody looks at a section that is folded or behind another.
        if (heading.current?.offsetParent) {
          details.reload('rules');
        }
      }, RULES_MS);
      return () => clearInterval(timer);
    }
  }, [isMoving, details]);
  const keep = (expression?: string) =>
    void commands.execute(CommandIDs.keepCopy, { expression });
  return (
    <>
      <h4 ref={heading}>{trans.__('Rules')}</h4>
      {error ? (
        <ErrorBox
          error={error}
          trans={trans}
          onAgain={() => details.reload('rules')}
        />
      ) : rules === null ? (
        <div className="escape-Waiting-row" aria-hidden="true">
          <span />
        </div>
      ) : (
        <Rules
          rules={rules}
          ask={(id, signal) =>
            new Lake(agent, model.connection.instance?.name).ask<IRuleInFull>(
              'GET',
              'rule',
              { id },
              signal
            )
          }
          commands={commands}
          trans={trans}
        />
      )}
      <div className="escape-Details-actions">
        <button className="escape-Link" onClick={() => keep()}>
          {trans.__('Keep a copy at…')}
        </button>
        {near && !near.there && (
          <button
            className="escape-Link"
            title={near.rses.join(', ')}
            onClick={() => keep(near.expression)}
          >
            {trans.__('Keep a copy near here')}
          </button>
        )}
      </div>
    </>
  );
}

function Title(
  props: ILakeDetailsOptions & { identifier: string }
): React.JSX.Element {
  return (
    <div className="escape-Details-title">
      <span>{oneLine(props.identifier)}</span>
      <button
        className="escape-Row-action"
        title={props.trans.__('Copy DID')}
        aria-label={props.trans.__('Copy DID')}
        onClick={() => void props.commands.execute(CommandIDs.copyDid)}
      >
        <copyIcon.react tag="span" />
      </button>
    </div>
  );
}

function Facts(
  props: ILakeDetailsOptions & { did: IDid; path: string | null }
): React.JSX.Element {
  const { did, commands, trans } = props;
  const facts: Fact[] = [
    [trans.__('Path'), props.path],
    [trans.__('Type'), did.type],
    [trans.__('Size'), did.bytes === null ? null : formatBytes(did.bytes)],
    [
      trans.__('Files'),
      did.type === 'file' || did.length === null
        ? null
        : formatCount(did.length)
    ],
    [
      trans.__('State'),
      did.open === null || did.type === 'file'
        ? null
        : did.open
          ? trans.__('open')
          : trans.__('closed')
    ],
    [trans.__('Account'), did.account],
    [trans.__('Created'), did.created && timeOf(did.created)],
    [trans.__('Adler-32'), did.adler32],
    [trans.__('MD5'), did.md5]
  ];
  const metadata = Object.entries(did.metadata ?? {});
  return (
    <>
      <FactList facts={facts} />
      <h4>{trans.__('Metadata')}</h4>
      <FactList
        facts={metadata.map(([name, value]) => [name, textOf(value)])}
      />
      <div className="escape-Details-actions">
        <button
          className="escape-Link"
          onClick={() => void commands.execute(CollectionIDs.editMetadata)}
        >
          {trans.__('Edit metadata…')}
        </button>
      </div>
    </>
  );
}

function Sites(props: {
  sites: readonly ISite[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { sites, trans } = props;
  if (sites.length === 0) {
    return <p>{trans.__('No site has a replica.')}</p>;
  }
  return (
    <ul className="escape-Sites" aria-label={trans.__('Replicas')}>
      {sites.map(site => (
        <li key={site.rse} title={(site.urls ?? []).join('\n')}>
          <span className="escape-Sites-name">
            <Name name={site.rse} />
          </span>
          {site.length !== null && site.available !== null && (
            <span>
              {trans.__(
                '%1 of %2',
                formatCount(site.available),
                formatCount(site.length)
              )}
            </span>
          )}
          <span>{site.state}</span>
        </li>
      ))}
    </ul>
  );
}

/** In the reader's own words for a time; the seconds say nothing. */
function timeOf(text: string): string {
  const time = new Date(text);
  return isNaN(time.getTime())
    ? text
    : time.toLocaleString(undefined, {
        dateStyle: 'medium',
        timeStyle: 'short'
      });
}
