import { App, type IStackSynthesizer, LegacyStackSynthesizer, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { A2aStack, type A2aStackProps } from '../src/index.ts';
import { resourcesOf } from './synthesized.ts';

function stackOf(props?: A2aStackProps): A2aStack {
  return new A2aStack(new App(), 'A2aStack', props);
}

function findings(scope: Stack): string[] {
  const { violations } = new AwsSolutionsChecks().validateScope(scope);
  return violations.map((violation) => violation.ruleName);
}

describe('A2aStack', () => {
  it('outputs the settings that instances start with', () => {
    const stack = stackOf({ topicShards: 2, queuePrefix: 'blue' });
    const { table, topics, deadLetters } = stack.backend;
    const outputs = Template.fromStack(stack).findOutputs('*');
    const values = Object.entries(outputs).map(([name, { Value }]) => [name, Value]);
    expect(Object.fromEntries(values)).toEqual({
      TableName: stack.resolve(table.tableName),
      Prefix: 'blue',
      Fanout: 'sns',
      TopicArn: stack.resolve(topics.map(({ topicArn }) => topicArn).join(',')),
      DeadLetterArn: stack.resolve(deadLetters?.queueArn),
      InstancePolicyArn: stack.resolve(stack.instancePolicy.managedPolicyArn),
    });
  });

  it('holds the permissions of an instance in one managed policy that IAM accepts', () => {
    const stack = stackOf({ topicShards: 10 });
    const [policy, ...others] = resourcesOf(stack, 'AWS::IAM::ManagedPolicy');
    const document = policy?.Properties.PolicyDocument;
    expect(others).toEqual([]);
    expect(document.Statement).toEqual(
      stack.backend.instancePolicyStatements().map((s) => stack.resolve(s.toJSON())),
    );
    // IAM's limit for a managed policy is 6,144 characters; references are longer than names.
    expect(JSON.stringify(document).length).toBeLessThan(6_144);
  });

  it('creates only the table, the topic, the dead letters with an alarm, and their policies', () => {
    const types = resourcesOf(stackOf()).map((resource) => resource.Type);
    expect(types.sort()).toEqual([
      'AWS::CloudWatch::Alarm',
      'AWS::DynamoDB::GlobalTable',
      'AWS::IAM::ManagedPolicy',
      'AWS::SNS::Topic',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ]);
  });

  it('makes no topic where instances send to each other, and no queue where they poll', () => {
    const types = (props: A2aStackProps): string[] =>
      resourcesOf(stackOf(props)).map((resource) => resource.Type);
    expect(types({ fanout: 'direct' }).sort()).toEqual([
      'AWS::CloudWatch::Alarm',
      'AWS::DynamoDB::GlobalTable',
      'AWS::IAM::ManagedPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ]);
    expect(types({ fanout: 'polling' }).sort()).toEqual([
      'AWS::DynamoDB::GlobalTable',
      'AWS::IAM::ManagedPolicy',
    ]);
  });

  it('keeps existing topics when more are added', () => {
    const topics = (topicShards: number): string[] =>
      Object.keys(Template.fromStack(stackOf({ topicShards })).findResources('AWS::SNS::Topic'));
    expect(topics(3)).toHaveLength(3);
    expect(topics(3).slice(0, 2)).toEqual(topics(2));
    expect(topics(2).slice(0, 1)).toEqual(topics(1));
    for (const topicShards of [0, 1.5, 11]) expect(() => stackOf({ topicShards })).toThrow();
  });

  it('deploys into an account that was never bootstrapped', () => {
    const app = new App();
    const synthesizer = new LegacyStackSynthesizer() as IStackSynthesizer;
    const { stackName } = new A2aStack(app, 'A2aStack', { synthesizer });
    const artifact = app.synth().getStackByName(stackName);
    expect(artifact.assumeRoleArn).toBeUndefined();
    expect(artifact.cloudFormationExecutionRoleArn).toBeUndefined();
    expect(artifact.requiresBootstrapStackVersion).toBeUndefined();
    expect(artifact.assets).toEqual([]);
    // A larger template goes through the bucket that bootstrapping makes.
    expect(JSON.stringify(artifact.template, null, 1).length).toBeLessThan(50 * 1024);
  });

  it('has no finding of cdk-nag, wherever it is deployed', () => {
    expect(findings(stackOf())).toEqual([]);
    expect(findings(stackOf({ env: { region: 'eu-west-1', account: '111122223333' } }))).toEqual(
      [],
    );
    for (const props of [
      { queuePrefix: 'blue' },
      { topicShards: 10 },
      { fanout: 'direct' },
      { fanout: 'polling' },
    ] as const) {
      expect(findings(stackOf(props))).toEqual([]);
    }
  });

  it('would show a finding', () => {
    const stack = stackOf();
    new Queue(stack, 'Open');
    expect(findings(stack)).toContain('AwsSolutions-SQS4');
  });
});
