package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
)

// front is what clients connect to: one address over TLS, behind which govmomi answers. It can be restarted under the same address,
// and change its certificate.
type front struct {
	vcenter  *vcenter
	service  *simulator.Service
	failures *failures
	listener net.Listener
	server   *http.Server

	mu          sync.Mutex
	certificate tls.Certificate
	connections map[net.Conn]bool
	downUntil   time.Time
}

// openFront listens on a port of its own and lets one person in.
func openFront(v *vcenter, person *url.Userinfo) (*front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{vcenter: v, service: v.model.Service, failures: &failures{}, listener: listener, connections: map[net.Conn]bool{}}
	if f.certificate, err = newCertificate(); err != nil {
		return nil, err
	}
	f.service.Listen = &url.URL{Scheme: "https", Host: listener.Addr().String(), Path: simulator.Map.Path, User: person}
	simulator.Map.SessionManager().ServiceHostName = f.service.Listen.Host
	f.service.RegisterSDK(simulator.Map)
	f.server = &http.Server{Handler: f, ConnState: f.noteConnection}
	go f.server.Serve(tls.NewListener(listener, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		certificate := f.certificate
		return &certificate, nil
	}}))
	return f, nil
}

func (f *front) address() string {
	return "https://" + f.listener.Addr().String()
}

// ServeHTTP answers what a vCenter answers on its one port. While its service is down, the proxy before it says so.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.isDown():
		http.Error(w, "The service is not up.", http.StatusServiceUnavailable)
	case r.URL.Path == "/sdk/vimServiceVersions.xml":
		f.service.ServiceVersions(w, r)
	case r.URL.Path == "/sdk" || strings.HasPrefix(r.URL.Path, "/sdk/"):
		r.URL.Path = simulator.Map.Path
		f.serveCall(w, r)
	case strings.HasPrefix(r.URL.Path, "/folder/"):
		f.serveFile(w, r)
	case strings.HasPrefix(r.URL.Path, "/nfc/"):
		simulator.ServeNFC(w, r)
	default:
		http.NotFound(w, r)
	}
}

// serveCall lets govmomi answer, unless the call shall fail.
func (f *front) serveCall(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if loggedIn(r) && f.failures.answer(w, body) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(redirect(body)))
	f.service.ServeSDK(w, r)
}

func (f *front) isDown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.downUntil)
}

// goDown cuts every connection and answers nobody for a while. Sessions, with all that belongs to them, are gone afterwards.
func (f *front) goDown(duration time.Duration) {
	f.mu.Lock()
	f.downUntil = time.Now().Add(duration)
	f.mu.Unlock()
	endSessions()
	f.cutConnections()
}

// changeCertificate shows another certificate to whoever connects from now on, and cuts the connections under the last.
func (f *front) changeCertificate() error {
	certificate, err := newCertificate()
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.certificate = certificate
	f.mu.Unlock()
	f.cutConnections()
	return nil
}

func (f *front) noteConnection(connection net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state == http.StateNew {
		f.connections[connection] = true
	} else if state == http.StateClosed || state == http.StateHijacked {
		delete(f.connections, connection)
	}
}

func (f *front) cutConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for connection := range f.connections {
		connection.Close()
	}
}

func (f *front) close() {
	f.server.Close()
}
