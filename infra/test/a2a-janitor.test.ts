import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Duration } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { A2aJanitorStack, A2aStack, janitorPolicyStatements } from '../src/index.ts';
import { resourcesOf } from './synthesized.ts';

// Bundling and synthesis take their time on a machine under load.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('A2aJanitorStack', () => {
  let app: App;
  let backend: A2aStack;
  let stack: A2aJanitorStack;

  beforeAll(() => {
    app = new App();
    backend = new A2aStack(app, 'A2aStack', { queuePrefix: 'blue' });
    stack = new A2aJanitorStack(app, 'A2aJanitorStack', {
      backend: backend.backend,
      every: Duration.minutes(7),
    });
  });

  it('runs one file that has all it needs, on a schedule', async () => {
    const [handler, ...others] = resourcesOf(stack, 'AWS::Lambda::Function');
    expect(others).toEqual([]);
    expect(handler?.Properties).toMatchObject({ Handler: 'index.handler', Timeout: 600 });
    expect(handler?.Properties.Environment.Variables).toMatchObject({ A2A_PREFIX: 'blue' });
    expect(resourcesOf(stack, 'AWS::Events::Rule')[0]?.Properties).toMatchObject({
      ScheduleExpression: 'rate(7 minutes)',
      State: 'ENABLED',
    });
    const assembly = app.synth();
    const folders = JSON.parse(
      readFileSync(join(assembly.directory, `${stack.stackName}.assets.json`), 'utf8'),
    ).files as Record<string, { source: { path: string; packaging: string } }>;
    const [code] = Object.values(folders).filter(({ source }) => source.packaging === 'zip');
    const bundle = join(assembly.directory, code?.source.path ?? '', 'index.mjs');
    expect(existsSync(bundle)).toBe(true);
    const module = await import(bundle);
    expect(module.handler).toBeTypeOf('function');
  });

  it('tells by an alarm when it could not clean up, and when it was not even started', () => {
    expect(resourcesOf(stack, 'AWS::CloudWatch::Alarm')[0]?.Properties).toMatchObject({
      MetricName: 'Errors',
      Threshold: 0,
      EvaluationPeriods: 3,
      Period: 7 * 60,
      TreatMissingData: 'breaching',
    });
  });

  it('may neither make queues nor hear or read messages', () => {
    const actions = janitorPolicyStatements(backend.backend).flatMap(({ actions }) => actions);
    expect(actions.filter((action) => /Create|Receive|Subscribe$|\*/.test(action))).toEqual([]);
  });

  it('asks for no more where there are no topics, or no queues', () => {
    const may = (fanout: 'direct' | 'polling'): string[] => {
      const { backend } = new A2aStack(new App(), 'Other', { fanout });
      return janitorPolicyStatements(backend).flatMap(({ actions }) => actions);
    };
    expect(may('direct').filter((action) => /^sns:|Send/.test(action))).toEqual([]);
    expect(may('direct')).toContain('sqs:DeleteQueue');
    expect(may('polling').filter((action) => !action.startsWith('dynamodb:'))).toEqual([]);
  });

  it('has no finding of cdk-nag', () => {
    const { violations } = new AwsSolutionsChecks().validateScope(stack);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});
