/** What of the some 4,000 types of vSphere's API the table describes: these, their bases, and whatever they hold. */
export const METHOD_NAMES = [
  // Sessions.
  'RetrieveServiceContent', 'Login', 'Logout', 'SessionIsActive', 'TerminateSession', 'CurrentTime',
  // Looking.
  'CreateContainerView', 'DestroyView', 'RetrievePropertiesEx', 'ContinueRetrievePropertiesEx', 'CancelRetrievePropertiesEx',
  'CreatePropertyCollector', 'DestroyPropertyCollector', 'CreateFilter', 'DestroyPropertyFilter', 'WaitForUpdatesEx', 'CancelWaitForUpdates',
  // Power.
  'PowerOnVM_Task', 'PowerOffVM_Task', 'ShutdownGuest', 'Destroy_Task', 'CancelTask',
]

/** More special types that no method names: they come, or are sent, where a base is declared. */
export const TYPE_NAMES = [
  'TraversalSpec', 'TaskInfo', 'TaskReasonAlarm', 'TaskReasonSchedule', 'TaskReasonSystem', 'TaskReasonUser',
  // Disks and what they are connected to and kept in.
  'VirtualDisk', 'VirtualIDEController', 'VirtualAHCIController', 'VirtualNVMEController', 'ParaVirtualSCSIController', 'VirtualBusLogicController', 'VirtualLsiLogicController', 'VirtualLsiLogicSASController',
  'VirtualDiskFlatVer2BackingInfo', 'VirtualDiskSeSparseBackingInfo', 'VirtualDiskSparseVer2BackingInfo', 'VirtualDiskRawDiskMappingVer1BackingInfo',
  // Faults that callers tell apart.
  'NotAuthenticated', 'InvalidLogin', 'NoPermission', 'ManagedObjectNotFound', 'InvalidArgument', 'InvalidProperty', 'NotSupported',
  'InvalidPowerState', 'InvalidState', 'TaskInProgress', 'RequestCanceled', 'FileFault',
]
