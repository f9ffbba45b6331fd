package main

import "github.com/vmware/govmomi/vim25/types"

// Snapshots of a VM form trees. Trees are copied where they change: whoever has read one keeps what was true then.

// grown is the trees with one more snapshot below its parent, or with one more root.
func grown(trees []types.VirtualMachineSnapshotTree, parent *types.ManagedObjectReference, added types.VirtualMachineSnapshotTree) []types.VirtualMachineSnapshotTree {
	if parent == nil {
		return append(append([]types.VirtualMachineSnapshotTree(nil), trees...), added)
	}
	var changed []types.VirtualMachineSnapshotTree
	for _, tree := range trees {
		if tree.Snapshot == *parent {
			tree.ChildSnapshotList = append(append([]types.VirtualMachineSnapshotTree(nil), tree.ChildSnapshotList...), added)
		} else {
			tree.ChildSnapshotList = grown(tree.ChildSnapshotList, parent, added)
		}
		changed = append(changed, tree)
	}
	return changed
}

// without is the trees less one snapshot. Its children take its place, or go with it.
func without(trees []types.VirtualMachineSnapshotTree, gone types.ManagedObjectReference, withChildren bool) []types.VirtualMachineSnapshotTree {
	var changed []types.VirtualMachineSnapshotTree
	for _, tree := range trees {
		if tree.Snapshot != gone {
			tree.ChildSnapshotList = without(tree.ChildSnapshotList, gone, withChildren)
			changed = append(changed, tree)
		} else if !withChildren {
			changed = append(changed, tree.ChildSnapshotList...)
		}
	}
	return changed
}

// parentOf is the snapshot that another one was taken upon; nil for a root.
func parentOf(trees []types.VirtualMachineSnapshotTree, child types.ManagedObjectReference) *types.ManagedObjectReference {
	for _, tree := range trees {
		for _, each := range tree.ChildSnapshotList {
			if each.Snapshot == child {
				parent := tree.Snapshot
				return &parent
			}
		}
		if parent := parentOf(tree.ChildSnapshotList, child); parent != nil {
			return parent
		}
	}
	return nil
}

// treeAt is the tree that a snapshot is the root of.
func treeAt(trees []types.VirtualMachineSnapshotTree, root types.ManagedObjectReference) []types.VirtualMachineSnapshotTree {
	for _, tree := range trees {
		if tree.Snapshot == root {
			return []types.VirtualMachineSnapshotTree{tree}
		}
		if found := treeAt(tree.ChildSnapshotList, root); found != nil {
			return found
		}
	}
	return nil
}
