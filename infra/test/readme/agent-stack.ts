import { A2aBackend, A2aJanitor } from '@a2a-aws/infra';
import { Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export class AgentStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const backend = new A2aBackend(this, 'A2a');
    const taskRole = new Role(this, 'TaskRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    backend.grantInstance(taskRole);
    const { alarm } = new A2aJanitor(this, 'Janitor', { backend });

    const operators = new SnsAction(new Topic(this, 'Operators', { enforceSSL: true }));
    alarm.addAlarmAction(operators);
    backend.deadLetterAlarm?.addAlarmAction(operators);
  }
}
