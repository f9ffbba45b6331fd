export const HELP = `npm run vsphere -- COMMAND     connects this agent with a vCenter, and looks after what is ours there

  connect ADDRESS --user NAME        shows the server's certificate, asks for the password, looks around, stores
      --agent-vm VM                  the VM that this agent runs in: disks can then be attached to it
      --datacenter NAME              where there are several
      --storage NAME=DATASTORE       target: a storage of our plans, and its datastore; again for each
      --network NAME=PORTGROUP       target: a network of our plans, and its port group; again for each
      --read auto|hot-add|datastore  how disks are read (auto)
      --portal URL                   the portal, for its entry in vCenter, with --admin-email ADDRESS
      --fingerprint SHA-256          confirms the certificate beforehand: nobody is asked
      --password-stdin               takes the password from standard input
  status                             whether the session works, the certificate, IO filters, the portal's entry
  forget                             removes the connection from this agent (--yes: without asking)

  io-filter list                     the IO filters of all clusters, and what is wrong with them
  io-filter install CLUSTER URL      installs the provider's filter on every host of a cluster
  io-filter upgrade CLUSTER FILTER URL
  io-filter uninstall CLUSTER FILTER both of these empty one host after the other (--yes: without asking)
  io-filter resolve CLUSTER FILTER   has vCenter try again on hosts where it failed
  io-filter attach VM --policy ID    puts the filter on all disks of a VM, by a storage policy
  io-filter detach VM                takes it off again

  extension register | remove        the portal's entry in vCenter

  --data DIRECTORY                   the agent's data directory, of any command (AGENT_DATA_DIR)

Options that a later connect leaves out stay as they were. Settings, from the environment:
  AGENT_DATA_DIR     the agent's data directory
  VSPHERE_KEY_FILE   the key that name and password are sealed with (vsphere.key in the data directory);
                     it may be on a medium of its own`
