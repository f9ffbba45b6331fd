package main

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
)

// areaBytes is what changed block tracking tells apart, as on vSphere for disks of this size.
const areaBytes = 64 * 1024

// tracking is changed block tracking of one disk. Time is cut into moments by the marks that are handed out; for each area it
// knows the moment in which it was last written.
type tracking struct {
	id      string // such as "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63"
	moment  int32
	written []int32
	last    string // the newest mark
}

func newTracking(sizeBytes int64) *tracking {
	return &tracking{id: newTrackingID(), moment: 1, written: make([]int32, (sizeBytes+areaBytes-1)/areaBytes)}
}

func newTrackingID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return fmt.Sprintf("% x-% x", id[:8], id[8:])
}

// note remembers that something was written.
func (t *tracking) note(offset, length int64) {
	for area := offset / areaBytes; area*areaBytes < offset+length; area++ {
		t.written[area] = t.moment
	}
}

// mark ends a moment and returns its change id: what is written from here on was written after it.
func (t *tracking) mark() string {
	t.last = t.id + "/" + strconv.Itoa(int(t.moment))
	t.moment++
	return t.last
}

// momentOf finds the moment of a change id; false for one that was never handed out, or was lost.
func (t *tracking) momentOf(changeID string) (int32, bool) {
	id, text, _ := strings.Cut(changeID, "/")
	moment, err := strconv.ParseInt(text, 10, 32)
	return int32(moment), err == nil && id == t.id && moment > 0 && int32(moment) < t.moment
}

// copyWritten is what is known at this moment, which later writes do not change.
func (t *tracking) copyWritten() []int32 {
	return append([]int32(nil), t.written...)
}

// track starts changed block tracking where it is wanted and there is none yet, and ends it where it is not. Blocks that lie below
// a snapshot were written before anybody could look: a disk that has one is left as it is.
func (d *disk) track(wanted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !wanted {
		d.tracking = nil
	} else if d.tracking == nil && len(d.deltas) == 0 {
		d.tracking = newTracking(d.sizeBytes)
	}
}

// mark ends a moment of the disk. Returns the change id and what had been written until then; "" where nothing is tracked.
func (d *disk) mark() (string, []int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tracking == nil {
		return "", nil
	}
	return d.tracking.mark(), d.tracking.copyWritten()
}

// lastMark is the newest change id; "" where there is none.
func (d *disk) lastMark() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tracking == nil {
		return ""
	}
	return d.tracking.last
}

// forgetMarks loses every change id that was handed out, as a storage vMotion or a crash of the host may do.
func (d *disk) forgetMarks() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tracking != nil {
		d.tracking = newTracking(d.sizeBytes)
		d.tracking.mark()
	}
}

// momentOf finds the moment of a change id; false where nothing is tracked, too.
func (d *disk) momentOf(changeID string) (int32, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tracking == nil {
		return 0, false
	}
	return d.tracking.momentOf(changeID)
}

// writtenNow is what changed block tracking knows; nil where nothing is tracked.
func (d *disk) writtenNow() []int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tracking == nil {
		return nil
	}
	return d.tracking.copyWritten()
}
