import { App, Duration, Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { A2aBackend, A2aJanitor, A2aStack, janitorPolicyStatements } from '../src/index.ts';
import { janitorBundle, resourcesOf, unbundled } from './synthesized.ts';

// Bundling and synthesis take their time on a machine under load.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('A2aJanitor', () => {
  let app: App;
  let backend: A2aBackend;
  let stack: Stack;

  beforeAll(() => {
    app = new App();
    stack = new Stack(app, 'Fleet');
    backend = new A2aBackend(stack, 'Backend', { queuePrefix: 'blue' });
    new A2aJanitor(stack, 'Janitor', { backend, every: Duration.minutes(7) });
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
    const module = await import(janitorBundle(app, stack));
    expect(module.handler).toBeTypeOf('function');
  });

  it('raises an alarm if it could not clean up, or was not started', () => {
    const alarms = resourcesOf(stack, 'AWS::CloudWatch::Alarm');
    const [alarm] = alarms.filter(({ Properties }) => Properties.MetricName === 'Errors');
    expect(alarm?.Properties).toMatchObject({
      Threshold: 0,
      EvaluationPeriods: 3,
      Period: 7 * 60,
      TreatMissingData: 'breaching',
    });
  });

  it('may neither create queues nor receive messages', () => {
    const actions = janitorPolicyStatements(backend).flatMap(({ actions }) => actions);
    expect(actions.filter((action) => /Create|Receive|Subscribe$|\*/.test(action))).toEqual([]);
  });

  it('has no further permissions without topics or without queues', () => {
    const may = (fanout: 'direct' | 'polling'): string[] => {
      const { backend } = new A2aStack(new App(), 'Other', { fanout });
      return janitorPolicyStatements(backend).flatMap(({ actions }) => actions);
    };
    expect(may('direct').filter((action) => /^sns:|Send/.test(action))).toEqual([]);
    expect(may('direct')).toContain('sqs:DeleteQueue');
    expect(may('polling').filter((action) => !action.startsWith('dynamodb:'))).toEqual([]);
  });

  it('has no finding of cdk-nag', () => {
    for (const fanout of ['sns', 'direct', 'polling'] as const) {
      const scope = new A2aStack(unbundled(), 'A2aStack', { fanout, janitor: true });
      const { violations } = new AwsSolutionsChecks().validateScope(scope);
      expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
    }
  });
});
