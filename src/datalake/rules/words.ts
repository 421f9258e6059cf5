/** A rule in words. Pure. */
import type { ITrans } from '../../core/errors';
import { formatBytes, formatCount, formatPercent } from '../../ui/format';
import type { IOutcomeLine } from '../../ui/form/outcome';
import type { IStateView } from '../../ui/outline/cells';
import type { ILoss, IPreview, IRule, ITrouble } from '../api';
import type { IPlurals } from '../put/words';
import { rseFacts, rseObstacle } from '../rses/words';

/** How far a rule has come. */
export function ruleState(rule: IRule, trans: ITrans): IStateView {
  const say = (
    shape: IStateView['shape'],
    word: string,
    sentence = word,
    fraction: number | null = null
  ): IStateView => ({ shape, word, more: '', sentence, fraction });
  switch (rule.state) {
    case 'OK':
      return say('here', trans.__('complete'));
    case 'REPLICATING': {
      const { fraction } = rule;
      const percent = fraction === null ? '' : formatPercent(fraction);
      const word = percent
        ? trans.__('replicating %1', percent)
        : trans.__('replicating');
      return say('moving', word, word, fraction);
    }
    case 'STUCK': {
      const why = rule.why ?? '';
      const sentence = why ? trans.__('stuck: %1', why) : trans.__('stuck');
      return say('problem', trans.__('stuck'), sentence);
    }
    case 'SUSPENDED':
      return say('blocked', trans.__('suspended'));
    case 'WAITING_APPROVAL':
      return say('unknown', trans.__('waiting for approval'));
    case 'INJECT':
      return say('unknown', trans.__('about to begin'));
    default:
      return say('unknown', rule.state.toLowerCase());
  }
}

/** `1 copy at NORTH-USERDISK`. */
export function ruleTitle(rule: IRule, trans: IPlurals): string {
  return trans._n(
    '%1 copy at %2',
    '%1 copies at %2',
    rule.copies,
    rule.expression
  );
}

/** `until 24 Dec 2026 · by jane · for the paper`. */
export function ruleFacts(rule: IRule, trans: ITrans): string {
  return [
    rule.expires === null
      ? trans.__('no end')
      : trans.__('until %1', dateOf(rule.expires)),
    rule.mine || rule.account === null ? null : trans.__('by %1', rule.account),
    rule.locked ? trans.__('locked') : null,
    rule.comment
  ]
    .filter(Boolean)
    .join(' · ');
}

/** A file that does not arrive: `a.fits to SOUTH: connection refused`. */
export function troubleText(trouble: ITrouble, trans: ITrans): string {
  const name = trouble.ref.replace(/^rucio:/, '');
  const text = trouble.source
    ? trans.__(
        '%1 from %2 to %3: %4',
        name,
        trouble.source,
        trouble.rse,
        trouble.reason
      )
    : trans.__('%1 to %2: %3', name, trouble.rse, trouble.reason);
  return trouble.attempts
    ? `${text} ${trans.__('(tried %1 times)', trouble.attempts)}`
    : text;
}

/** What a rule would do. */
export function previewLines(
  preview: IPreview,
  trans: IPlurals
): IOutcomeLine[] {
  const { rses, usable, bytes, files, copies } = preview;
  const lines: IOutcomeLine[] = [];
  if (preview.refusal) {
    const text = `${preview.refusal} ${preview.hint ?? ''}`.trim();
    lines.push({ kind: 'problem', text });
  }
  lines.push({
    kind: preview.refusal ? 'plain' : 'fine',
    text: trans._n(
      'One RSE matches.',
      '%1 RSEs match, of which %2 can take it.',
      rses.length,
      formatCount(usable.length)
    ),
    items: rses.map(rse => {
      const facts = rseObstacle(rse, trans) ?? rseFacts(rse, trans);
      return facts ? `${rse.name}: ${facts}` : rse.name;
    })
  });
  if (bytes !== null) {
    const size = formatBytes(bytes * copies);
    const text =
      files === null
        ? trans.__('%1 in all.', size)
        : trans._n(
            '%2 in all, one file in each copy.',
            '%2 in all, %1 files in each copy.',
            files,
            size
          );
    lines.push({ kind: 'plain', text });
  }
  if (preview.expires !== null) {
    const text = trans.__('The rule ends on %1.', dateOf(preview.expires));
    lines.push({ kind: 'plain', text });
  }
  for (const text of preview.warnings) {
    lines.push({ kind: 'warning', text });
  }
  return lines;
}

/** What is lost with a rule. */
export function lossLines(loss: ILoss): IOutcomeLine[] {
  const isLost = loss.unprotected !== 0;
  const lines: IOutcomeLine[] = [
    {
      kind: isLost ? 'warning' : 'fine',
      text: loss.message,
      items: loss.examples
    }
  ];
  if (loss.note) {
    lines.push({ kind: 'plain', text: loss.note });
  }
  return lines;
}

/** In the reader's own words for a day. */
export function dateOf(text: string): string {
  const time = new Date(text);
  return isNaN(time.getTime())
    ? text
    : time.toLocaleDateString(undefined, { dateStyle: 'medium' });
}
