package main

import (
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// liveSessions is the keys of all who are logged in. Govmomi shows them to sessions only: so we look as one.
func liveSessions() []string {
	own := system().Session
	var keys []string
	for _, session := range own.Get(simulator.Map.SessionManager().Self).(*simulator.SessionManager).SessionList {
		keys = append(keys, session.Key)
	}
	return keys
}

func endSessions() {
	simulator.Map.SessionManager().TerminateSession(system(), &types.TerminateSession{SessionId: liveSessions()})
}

// loggedIn says whether a request belongs to a session.
func loggedIn(r *http.Request) bool {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return false
	}
	for _, key := range liveSessions() {
		if key == cookie.Value {
			return true
		}
	}
	return false
}
