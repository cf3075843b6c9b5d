package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwokcmd "sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: t, cluster: {server: "https://%s", insecure-skip-tls-verify: true}}]
users: [{name: t, user: {token: %s}}]
contexts: [{name: t, context: {cluster: t, user: t}}]
current-context: t
`

// writeFiles writes keys, tokens, kubeconfig and kwok's stages into d; the function returned makes paths in d.
func writeFiles(d, addr string) func(string) string {
	f := func(name string) string { return filepath.Join(d, name) }
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	der, err := x509.MarshalECPrivateKey(k) // "EC PRIVATE KEY": a PKCS8 EC key is refused as --service-account-key-file
	check(err)
	token := rand.Text()
	stages := []string{nodefast.DefaultNodeInit, heartbeat.DefaultNodeHeartbeatWithLease, podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete}
	for name, s := range map[string]string{
		"sa.key":     string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
		"tokens.csv": token + `,admin,admin,"system:masters"` + "\n",
		"kubeconfig": fmt.Sprintf(kubeconfig, addr, token),
		"kwok.yaml":  strings.Join(stages, "\n---\n"),
		"node.yaml":  furniture(),
	} {
		check(os.WriteFile(f(name), []byte(s), 0o600))
	}
	return f
}

// kwok is sigs.k8s.io/kwok/cmd/kwok without its log flags.
func kwok() *cobra.Command {
	ctx := signals.SetupSignalContext()
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	ctx, err := kwokconfig.InitFlags(ctx, flags)
	check(err)
	c := kwokcmd.NewCommand(ctx)
	c.PersistentFlags().AddFlagSet(flags)
	c.Version = "" // else cobra reads --version as bool, and component-base has registered another
	c.SetContext(ctx)
	return c
}
