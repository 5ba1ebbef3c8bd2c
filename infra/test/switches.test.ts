import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { appOptions } from '../bin/app-options.ts';
import { A2aJanitor, A2aStack, type A2aStackProps } from '../src/index.ts';
import { unbundled } from './synthesized.ts';

interface CloudFormation {
  readonly Resources: Readonly<Record<string, { readonly Type: string; Properties?: object }>>;
  readonly Outputs?: Readonly<Record<string, object>>;
}

function templateOf(props: A2aStackProps): CloudFormation {
  const stack = new A2aStack(unbundled(), 'A2aStack', props);
  return Template.fromStack(stack).toJSON() as CloudFormation;
}

/**
 * The logical ids by resource. A changed id would replace the resource, such as the table with all
 * tasks.
 */
const TABLE = { BackendTasksTable92A00E50: 'AWS::DynamoDB::GlobalTable' };
const POLICY = { InstancePolicy3BE196DC: 'AWS::IAM::ManagedPolicy' };
const TOPIC = {
  BackendDoorbellsTopicC5269277: 'AWS::SNS::Topic',
  BackendDoorbellsTopicPolicy7EC7BE70: 'AWS::SNS::TopicPolicy',
};
const SECOND_TOPIC = {
  BackendDoorbells1TopicBDA7CBFF: 'AWS::SNS::Topic',
  BackendDoorbells1TopicPolicy60ECE547: 'AWS::SNS::TopicPolicy',
};
const DEAD_LETTERS = {
  BackendDeadLettersFilledCFF66666: 'AWS::CloudWatch::Alarm',
  BackendDeadLettersQueue9A4070BA: 'AWS::SQS::Queue',
  BackendDeadLettersQueuePolicy1496A14B: 'AWS::SQS::QueuePolicy',
};
const JANITOR = {
  JanitorFailed419B8822: 'AWS::CloudWatch::Alarm',
  JanitorHandler6EA093DC: 'AWS::Lambda::Function',
  JanitorHandlerEventInvokeConfig237B943A: 'AWS::Lambda::EventInvokeConfig',
  JanitorLog03E57EC5: 'AWS::Logs::LogGroup',
  JanitorPolicy6CD6F0B1: 'AWS::IAM::Policy',
  JanitorRole3121F1FE: 'AWS::IAM::Role',
  JanitorRoleDefaultPolicyF11391D9: 'AWS::IAM::Policy',
  JanitorSchedule75A09F22: 'AWS::Events::Rule',
  JanitorScheduleAllowEventRuleA2aStackJanitorHandler5368EB463C43CEF3: 'AWS::Lambda::Permission',
};
const ALWAYS = { ...TABLE, ...POLICY };

type Variant = readonly [A2aStackProps, Readonly<Record<string, string>>];

const withoutJanitor: readonly Variant[] = [
  [{}, { ...ALWAYS, ...TOPIC, ...DEAD_LETTERS }],
  [{ topicShards: 2 }, { ...ALWAYS, ...TOPIC, ...SECOND_TOPIC, ...DEAD_LETTERS }],
  [{ fanout: 'direct' }, { ...ALWAYS, ...DEAD_LETTERS }],
  [{ fanout: 'polling' }, ALWAYS],
];

/** Each without the janitor, then with it. */
const variants = withoutJanitor.flatMap(([props, ids]): Variant[] => [
  [props, ids],
  [
    { ...props, janitor: true },
    { ...ids, ...JANITOR },
  ],
]);

describe('A stack that is switched', () => {
  const templates = variants.map(([props]) => templateOf(props));

  it.each(variants.map(([props, ids], at) => [props, ids, at] as const))(
    'has the logical ids that it always had: %j',
    (_, ids, at) => {
      const resources = Object.entries(templates[at]?.Resources ?? {});
      expect(Object.fromEntries(resources.map(([id, { Type }]) => [id, Type]))).toEqual(ids);
    },
  );

  it('keeps each resource that exists before and after, except the listed ones', () => {
    // The permissions and the janitor's environment follow the fan-out. Neither resource is
    // replaced.
    const follows = new Set(['InstancePolicy3BE196DC', 'JanitorHandler6EA093DC']);
    follows.add('JanitorPolicy6CD6F0B1');
    for (const before of templates) {
      for (const after of templates) {
        for (const [id, resource] of Object.entries(after.Resources)) {
          const former = before.Resources[id];
          if (former && !follows.has(id)) expect(resource, id).toEqual(former);
        }
      }
    }
  });

  it('changes only the janitor if the janitor is switched on or off', () => {
    for (let at = 0; at < variants.length; at += 2) {
      const [without, withJanitor] = [templates[at], templates[at + 1]];
      const kept = Object.entries(withJanitor?.Resources ?? {}).filter(([id]) => !(id in JANITOR));
      expect(Object.fromEntries(kept)).toEqual(without?.Resources);
      expect(withJanitor?.Outputs).toEqual(without?.Outputs);
    }
  });

  it('exports nothing and fixes no name', () => {
    for (const template of templates) {
      expect(JSON.stringify(template.Outputs)).not.toContain('Export');
      for (const [id, { Type, Properties = {} }] of Object.entries(template.Resources)) {
        // The name of an inline policy is not global: it must be unique only in its role.
        if (Type === 'AWS::IAM::Policy') continue;
        const own = `${Type.split('::').at(-1)}Name`;
        const names = ['Name', 'TableName', own].filter((name) => name in Properties);
        expect(names, id).toEqual([]);
      }
    }
  });
});

describe('A stack that refers to the backend of another', () => {
  it.each(['sns', 'direct', 'polling'] as const)(
    'never keeps it from being changed: %s',
    (fanout) => {
      const app = unbundled();
      const { backend, instancePolicy } = new A2aStack(app, 'A2aStack', { fanout });
      const servers = new Stack(app, 'Servers');
      const assumedBy = new ServicePrincipal('ecs-tasks.amazonaws.com');
      backend.grantInstance(new Role(servers, 'Role', { assumedBy }));
      new A2aJanitor(servers, 'Janitor', { backend });
      const told = [
        backend.table.tableName,
        ...backend.topics.map(({ topicArn }) => topicArn),
        backend.deadLetters?.queueArn ?? '-',
        backend.deadLetterAlarm?.alarmArn ?? '-',
        instancePolicy.managedPolicyArn,
      ];
      new CfnOutput(servers, 'Told', { value: told.join(' ') });

      const text = JSON.stringify([backend.table.stack, servers].map((s) => Template.fromStack(s)));
      expect(text).toContain('Fn::GetStackOutput');
      expect(text).not.toContain('"Export"');
      expect(text).not.toContain('Fn::ImportValue');
    },
  );
});

describe('The app', () => {
  const options = (context: Record<string, unknown>) => appOptions((name) => context[name]);

  it('takes its switches from the context', () => {
    expect(options({})).toEqual({ janitor: false, fanout: 'sns' });
    expect(options({ janitor: '', fanout: '' })).toEqual({ janitor: false, fanout: 'sns' });
    expect(options({ janitor: 'false', fanout: 'direct' })).toEqual({
      janitor: false,
      fanout: 'direct',
    });
    expect(options({ janitor: 'true' })).toMatchObject({ janitor: true });
  });

  it.each([{ janitor: 'yes' }, { fanout: 'kinesis' }])('refuses %j', (context) => {
    expect(() => options(context)).toThrow('must be one of');
  });
});
