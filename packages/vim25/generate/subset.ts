/** What of the some 4,000 types of vSphere's API the table describes: these, their bases, and whatever they hold. */
export const METHOD_NAMES = [
  // Sessions.
  'RetrieveServiceContent', 'Login', 'Logout', 'SessionIsActive', 'TerminateSession', 'CurrentTime', 'HasPrivilegeOnEntities',
  // Looking.
  'CreateContainerView', 'DestroyView', 'RetrievePropertiesEx', 'ContinueRetrievePropertiesEx', 'CancelRetrievePropertiesEx',
  'CreatePropertyCollector', 'DestroyPropertyCollector', 'CreateFilter', 'DestroyPropertyFilter', 'WaitForUpdatesEx', 'CancelWaitForUpdates',
  // Power.
  'PowerOnVM_Task', 'PowerOffVM_Task', 'ShutdownGuest', 'CancelTask',
  // Building VMs, and taking them away.
  'CreateVM_Task', 'ReconfigVM_Task', 'Rename_Task', 'UnregisterVM', 'Destroy_Task', 'QueryConfigOption', 'FindByInventoryPath', 'FindByUuid',
  // Moments of a VM, and what changed between two.
  'CreateSnapshot_Task', 'RemoveSnapshot_Task', 'ConsolidateVMDisks_Task', 'QueryChangedDiskAreas',
  // Disks and files.
  'CreateVirtualDisk_Task', 'DeleteVirtualDisk_Task', 'QueryVirtualDiskUuid', 'MakeDirectory', 'DeleteDatastoreFile_Task', 'SearchDatastore_Task',
  // What happened, and how fast.
  'QueryEvents', 'CreateCollectorForEvents', 'ReadNextEvents', 'DestroyCollector', 'QueryPerf', 'QueryPerfCounter', 'QueryAvailablePerfMetric',
  // IO filters.
  'InstallIoFilter_Task', 'UninstallIoFilter_Task', 'UpgradeIoFilter_Task', 'QueryIoFilterInfo', 'QueryIoFilterIssues', 'ResolveInstallationErrorsOnCluster_Task', 'ResolveInstallationErrorsOnHost_Task', 'QueryDisksUsingFilter',
  // The portal's own entry in vCenter.
  'FindExtension', 'RegisterExtension', 'UpdateExtension', 'UnregisterExtension', 'SetCustomValue',
]

/** More special types that no method names: they come, or are sent, where a base is declared. */
export const TYPE_NAMES = [
  'TraversalSpec', 'TaskInfo', 'TaskReasonAlarm', 'TaskReasonSchedule', 'TaskReasonSystem', 'TaskReasonUser',
  // Disks and what they are connected to and kept in.
  'VirtualMachineConfigInfo', 'VirtualHardware', 'VirtualMachineBootOptions', 'VirtualMachineSnapshotInfo', 'VirtualMachineStorageSummary', 'DatastoreSummary',
  'VirtualDisk', 'VirtualIDEController', 'VirtualAHCIController', 'VirtualNVMEController', 'ParaVirtualSCSIController', 'VirtualBusLogicController', 'VirtualLsiLogicController', 'VirtualLsiLogicSASController',
  'VirtualDiskFlatVer2BackingInfo', 'VirtualDiskSeSparseBackingInfo', 'VirtualDiskSparseVer2BackingInfo', 'VirtualDiskRawDiskMappingVer1BackingInfo', 'VirtualDiskFlatVer1BackingInfo', 'VirtualDiskSparseVer1BackingInfo', 'VirtualDiskPartitionedRawDiskVer2BackingInfo', 'VirtualDiskRawDiskVer2BackingInfo',
  'FileBackedVirtualDiskSpec', 'VirtualMachineDefinedProfileSpec', 'VirtualMachineEmptyProfileSpec',
  // What a datastore says of the disks in a folder of it.
  'HostDatastoreBrowserSearchResults', 'VmDiskFileQuery', 'VmDiskFileInfo',
  // Devices that a VM is built with, or that stand in the way of moving it.
  'VirtualE1000', 'VirtualE1000e', 'VirtualVmxnet3', 'VirtualVmxnet2', 'VirtualPCNet32', 'VirtualSriovEthernetCard',
  'VirtualEthernetCardNetworkBackingInfo', 'VirtualEthernetCardDistributedVirtualPortBackingInfo', 'VirtualEthernetCardOpaqueNetworkBackingInfo',
  'VirtualPCIPassthrough', 'VirtualTPM', 'VirtualUSB', 'VirtualCdrom', 'VirtualCdromIsoBackingInfo', 'VirtualCdromRemotePassthroughBackingInfo', 'VirtualFloppy', 'VirtualMachineVideoCard', 'VirtualMachineVMCIDevice', 'VirtualKeyboard', 'VirtualPointingDevice', 'VirtualPCIController', 'VirtualPS2Controller', 'VirtualSIOController', 'VirtualNVDIMM', 'VirtualSerialPort', 'VirtualSCSIPassthrough', 'OptionValue', 'ClusterConfigInfoEx', 'DistributedVirtualSwitchPortConnection',
  // What happened, and how fast.
  'EventFilterSpec', 'VmMigratedEvent', 'DrsVmMigratedEvent', 'VmRelocatedEvent', 'VmBeingHotMigratedEvent', 'VmReconfiguredEvent', 'EventEx', 'ExtendedEvent', 'TaskEvent', 'PerfEntityMetric', 'PerfMetricIntSeries', 'PerfMetricSeriesCSV', 'PerfEntityMetricCSV',
  'ClusterIoFilterInfo', 'HostIoFilterInfo',
  // Faults that callers tell apart.
  'NotAuthenticated', 'InvalidLogin', 'NoPermission', 'ManagedObjectNotFound', 'InvalidArgument', 'InvalidProperty', 'NotSupported',
  'InvalidPowerState', 'InvalidState', 'TaskInProgress', 'RequestCanceled', 'FileFault',
]
