import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type CfnTopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface A2aTopicProps {
  /**
   * A key of your own; instances then need its use (`instancePolicyStatements` includes it).
   *
   * @default the key that AWS manages for SNS in the account, `alias/aws/sns`
   */
  readonly encryptionKey?: IKey;
}

/**
 * The topic that carries doorbells: a standard topic (order and repeats are the log's business),
 * encrypted at rest, TLS only.
 *
 * Doorbells hold records, so they are encrypted. AWS's own key is the default: it has no monthly
 * fee and no key policy to keep (every principal of the account that may publish may use it), and
 * costs two KMS requests per publisher and 5 minutes, $0.05 a month. It serves only this account,
 * as do the instances' queues. The queues encrypt on their own (SSE-SQS), so SNS needs no key to
 * deliver.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 *
 * @example
 * ```ts
 * import { A2aTopic } from '@a2a-aws/infra';
 * import { App, Stack } from 'aws-cdk-lib';
 *
 * new A2aTopic(new Stack(new App(), 'Agents'), 'Topic');
 * ```
 */
export class A2aTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: A2aTopicProps = {}) {
    super(scope, id);
    const key = props.encryptionKey;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true, ...(key && { masterKey: key }) });
    if (!key) {
      // Set below the construct: `masterKey` stays empty, which says that no permission is needed.
      (this.topic.node.defaultChild as CfnTopic).kmsMasterKeyId = 'alias/aws/sns';
    }
  }
}
