import { attribute, tableDefinition } from '@a2a-aws/dynamodb';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { CfnGlobalTable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { A2aTable, type A2aTableProps } from '../src/index.ts';
import { type Resource, resourcesOf } from './synthesized.ts';

function tableOf(props?: A2aTableProps, stack: Stack = new Stack()): Resource {
  new A2aTable(stack, 'Tasks', props);
  const [table, ...others] = resourcesOf(stack, 'AWS::DynamoDB::GlobalTable');
  if (!table) throw new Error('There is no table');
  expect(others).toEqual([]);
  return table;
}

function byName(attributes: { AttributeName?: string | undefined }[] = []) {
  return [...attributes].sort((a, b) =>
    String(a.AttributeName).localeCompare(`${b.AttributeName}`),
  );
}

describe('A2aTable', () => {
  const definition = tableDefinition('any');

  it('has the keys, attributes and billing of the definition that the code runs on', () => {
    const { Properties } = tableOf();
    expect(Properties.KeySchema).toEqual(definition.KeySchema);
    expect(byName(Properties.AttributeDefinitions)).toEqual(
      byName(definition.AttributeDefinitions),
    );
    expect(Properties.BillingMode).toBe(definition.BillingMode);
  });

  it('has the indexes of that definition, projections included', () => {
    const { Properties } = tableOf();
    expect(Properties.GlobalSecondaryIndexes).toEqual(definition.GlobalSecondaryIndexes);
    expect(Properties.GlobalSecondaryIndexes).toHaveLength(2);
  });

  it('expires items by the attribute that the code writes', () => {
    expect(tableOf().Properties.TimeToLiveSpecification).toEqual({
      AttributeName: attribute.expires,
      Enabled: true,
    });
  });

  it('can be restored to a point in time', () => {
    expect(tableOf().Properties.Replicas).toEqual([
      expect.objectContaining({
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    ]);
  });

  it('[I1] accepts no replica, however it is added', () => {
    const env = { region: 'eu-west-1', account: '111122223333' };
    const synthesized = (change: (table: TableV2) => void) => () => {
      const app = new App();
      change(new A2aTable(new Stack(app, 'Stack', { env }), 'Tasks').table);
      app.synth();
    };
    expect(synthesized(() => {})).not.toThrow();
    expect(synthesized((table) => table.addReplica({ region: 'us-east-1' }))).toThrow(
      'must not have replicas',
    );
    const replicas = [{ region: 'eu-west-1' }, { region: 'us-east-1' }];
    const override = (table: TableV2) => {
      (table.node.defaultChild as CfnGlobalTable).replicas = replicas;
    };
    expect(synthesized(override)).toThrow('must not have replicas');
  });

  it('is kept when the stack is deleted, and when CloudFormation replaces it', () => {
    const table = tableOf();
    expect(table.DeletionPolicy).toBe('Retain');
    expect(table.UpdateReplacePolicy).toBe('Retain');
    expect(table.Properties.Replicas[0].DeletionProtectionEnabled).toBe(true);
    // A fixed name of a retained table would fail the next deployment.
    expect(table.Properties.TableName).toBeUndefined();
  });

  it('is deleted with the stack on request', () => {
    const table = tableOf({ removalPolicy: RemovalPolicy.DESTROY });
    expect(table.DeletionPolicy).toBe('Delete');
    expect(table.Properties.Replicas[0].DeletionProtectionEnabled).toBe(false);
  });

  it('is encrypted with the key that AWS owns unless it is given one', () => {
    expect(tableOf().Properties.SSESpecification).toEqual({ SSEEnabled: false });

    const stack = new Stack(new App(), 'Own', { env: { region: 'eu-west-1' } });
    const encryptionKey = new Key(stack, 'Key');
    expect(tableOf({ encryptionKey }, stack).Properties.SSESpecification).toEqual({
      SSEEnabled: true,
      SSEType: 'KMS',
    });
  });
});
