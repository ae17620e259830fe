// Verifies certificates with the libraries inside cosign and in-toto: the envelope with go-securesystemslib, the bundle with sigstore-go.
// Arguments: "envelope" or "bundle", the file, the PEM of the public key and, for a bundle, the certified file. Exit code 0 when it holds.
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log"
	"os"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

// A key without an id: the library then tries it on every signature.
type anyKey struct{ signature.Verifier }

func (key anyKey) Verify(_ context.Context, data, sig []byte) error {
	return key.VerifySignature(bytes.NewReader(sig), bytes.NewReader(data))
}
func (anyKey) KeyID() (string, error)   { return "", nil }
func (anyKey) Public() crypto.PublicKey { return nil }

func main() {
	file := must(os.ReadFile(os.Args[2]))
	block, _ := pem.Decode(must(os.ReadFile(os.Args[3])))
	verifier := must(signature.LoadVerifier(must(x509.ParsePKIXPublicKey(block.Bytes)), crypto.SHA256))
	if os.Args[1] == "envelope" {
		verifyEnvelope(file, verifier)
		return
	}
	verifyBundle(verifier)
}

func verifyEnvelope(file []byte, verifier signature.Verifier) {
	var envelope dsse.Envelope
	check(json.Unmarshal(file, &envelope))
	checker := must(dsse.NewEnvelopeVerifier(anyKey{verifier}))
	must(checker.Verify(context.Background(), &envelope))
}

func verifyBundle(verifier signature.Verifier) {
	found := must(bundle.LoadJSONFromPath(os.Args[2]))
	trusted := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
	})
	checker := must(verify.NewVerifier(trusted, verify.WithNoObserverTimestamps()))
	artifact := must(os.Open(os.Args[4]))
	must(checker.Verify(found, verify.NewPolicy(verify.WithArtifact(artifact), verify.WithKey())))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
