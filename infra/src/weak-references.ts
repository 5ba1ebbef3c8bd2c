import { CfnResource, CrossStackReferences, ReferenceStrength } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Has other stacks read a construct's resources by `Fn::GetStackOutput`. CDK's default is an export,
 * which CloudFormation refuses to remove while another stack imports it: a stack with servers or a
 * janitor would then block its backend's stack from, for instance, leaving SNS.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
 */
export function neverExport(construct: Construct): void {
  for (const child of construct.node.findAll()) {
    if (!CfnResource.isCfnResource(child)) continue;
    CrossStackReferences.of(child).produce(ReferenceStrength.WEAK);
  }
}
