/** The longest body that the portal reads: room for a plan of 500 VMs with their mappings; nothing else comes close. */
export const MAX_BODY_BYTES = 1024 * 1024
