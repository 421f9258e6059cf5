import * as React from 'react';

/** What is known of a thing, by name; what is not known is left out. */
export type Fact = readonly [name: string, value: string | null];

export function FactList(props: { facts: readonly Fact[] }): React.JSX.Element {
  return (
    <dl>
      {props.facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <React.Fragment key={name}>
            <dt title={name}>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  );
}
