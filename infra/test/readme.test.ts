import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { describe, expect, it, vi } from 'vitest';
import { A2aBackend } from '../src/index.ts';
import { AgentStack } from './readme/agent-stack.ts';
import { resourcesOf } from './synthesized.ts';

// The janitor's bundling takes its time on a machine under load.
vi.setConfig({ testTimeout: 60_000 });

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it('shows its example as it is', () => {
    const example = readFileSync(new URL('readme/agent-stack.ts', import.meta.url), 'utf8');
    expect(readme).toContain(
      `<!-- infra/test/readme/agent-stack.ts -->\n\`\`\`ts\n${example}\`\`\``,
    );
  });

  it('has an example whose alarms send messages to a topic', () => {
    const alarms = resourcesOf(new AgentStack(new App(), 'Agent'), 'AWS::CloudWatch::Alarm');
    expect(alarms).toHaveLength(2);
    for (const { Properties } of alarms) expect(Properties.AlarmActions).toHaveLength(1);
  });

  it('lists the permissions of an instance', () => {
    const rows = readme.split('## What an instance may do')[1]?.split('\n') ?? [];
    const listed = rows.flatMap((row) => row.split('|')[2]?.match(/\w+/g) ?? []);
    const statements = new A2aBackend(new Stack(), 'Backend').instancePolicyStatements();
    const allowed = statements.flatMap(({ actions }) => actions.map((name) => name.split(':')[1]));
    expect(listed).toEqual(expect.arrayContaining(allowed));
  });
});
