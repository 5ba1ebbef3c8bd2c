import { type Stack, Token } from 'aws-cdk-lib';
import {
  AnyPrincipal,
  Effect,
  type IGrantable,
  type IRole,
  PolicyStatement,
} from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';

/**
 * The roles that may publish to a fleet's topics. A resource policy must name them, and a role in
 * another stack would make the two stacks depend on each other: then, and where a policy is handed
 * out for roles that are not known here, the topics stay open to their account, as SNS's are.
 */
export class TopicPublishers {
  readonly #stack: Stack;
  readonly #roles: Set<string>;
  readonly #isFixed: boolean;
  #isOpen = false;

  /** `roles`: ARNs, may hold `*`; if given, they and the roles of this stack are all. */
  constructor(stack: Stack, roles: readonly string[] | undefined) {
    this.#stack = stack;
    this.#roles = new Set(roles);
    this.#isFixed = roles !== undefined;
  }

  add(grantee: IGrantable): void {
    const principal = grantee.grantPrincipal as Partial<IRole>;
    const { roleArn, stack } = principal;
    if (roleArn !== undefined && stack === this.#stack) this.#roles.add(roleArn);
    else this.addUnknown();
  }

  /** A role that is not known here is granted the same. */
  addUnknown(): void {
    if (!this.#isFixed) this.#isOpen = true;
  }

  /** Denies all others to publish, once all that may are known. */
  close(topics: readonly Topic[]): void {
    if (this.#isOpen || this.#roles.size === 0) return;
    for (const topic of topics) {
      topic.addToResourcePolicy(
        new PolicyStatement({
          sid: 'InstancesOnly',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
          // The ARN of the role, also of its sessions; AWS's services have none and are denied, too.
          conditions: { StringNotLike: { 'aws:PrincipalArn': [...this.#roles] } },
        }),
      );
    }
  }
}

/** Throws for a value that is not the ARN of a role. */
export function assertRoleArns(arns: readonly string[] = []): void {
  for (const arn of arns) {
    if (Token.isUnresolved(arn) || /^arn:[\w-]+:iam::(?:\d{12}|\*):role\/.+$/.test(arn)) continue;
    throw new Error('instanceRoles must be ARNs of roles.');
  }
}
