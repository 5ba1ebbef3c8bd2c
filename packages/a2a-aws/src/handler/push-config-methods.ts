import type {
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import type { RequestGuard } from './request-guard.ts';

type PushConfigHandler = Pick<
  A2ARequestHandler,
  | 'createTaskPushNotificationConfig'
  | 'getTaskPushNotificationConfig'
  | 'listTaskPushNotificationConfigs'
  | 'deleteTaskPushNotificationConfig'
>;

/** The methods for push notification configs: the SDK's, with guarded errors. */
export class PushConfigMethods implements PushConfigHandler {
  readonly #sdk: PushConfigHandler;
  readonly #guard: RequestGuard;

  constructor(sdk: PushConfigHandler, guard: RequestGuard) {
    this.#sdk = sdk;
    this.#guard = guard;
  }

  createTaskPushNotificationConfig(
    params: TaskPushNotificationConfig,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    const request = {
      method: 'CreateTaskPushNotificationConfig',
      context,
      taskId: params.taskId,
    };
    return this.#guard.run(request, () =>
      this.#sdk.createTaskPushNotificationConfig(params, context),
    );
  }

  getTaskPushNotificationConfig(
    params: GetTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    const request = { method: 'GetTaskPushNotificationConfig', context, taskId: params.taskId };
    return this.#guard.run(request, () => this.#sdk.getTaskPushNotificationConfig(params, context));
  }

  listTaskPushNotificationConfigs(
    params: ListTaskPushNotificationConfigsRequest,
    context: ServerCallContext,
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    const request = { method: 'ListTaskPushNotificationConfigs', context, taskId: params.taskId };
    return this.#guard.run(request, () =>
      this.#sdk.listTaskPushNotificationConfigs(params, context),
    );
  }

  deleteTaskPushNotificationConfig(
    params: DeleteTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<void> {
    const request = {
      method: 'DeleteTaskPushNotificationConfig',
      context,
      taskId: params.taskId,
    };
    return this.#guard.run(request, () =>
      this.#sdk.deleteTaskPushNotificationConfig(params, context),
    );
  }
}
