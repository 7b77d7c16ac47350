// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Go 1.19 or later, nothing else. Either signature is enough: the HMAC one also proves when it was sent.
package main

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

// VerifyHMAC is nil when the webhook is signed with one of the secrets and new. body: as it came, to be parsed
// afterwards. secrets: "whsec_…", two while one replaces the other.
func VerifyHMAC(body []byte, header http.Header, secrets []string, now time.Time) error {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	if id == "" || timestamp == "" || header.Get("webhook-signature") == "" {
		return errors.New("the webhook is not signed")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 48)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the webhook is too old")
	}
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			return errors.New("the secret is not base64")
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", id, timestamp)
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, one := range strings.Split(header.Get("webhook-signature"), " ") {
			if hmac.Equal([]byte(one), []byte(expected)) {
				return nil
			}
		}
	}
	return errors.New("the webhook is signed with another secret, or was changed")
}

// VerifyRSA is nil when the body is signed with the RSA key, whose PEM is at /v2/public/rsa-public-key.
func VerifyRSA(body []byte, header http.Header, publicKey string) error {
	block, _ := pem.Decode([]byte(publicKey))
	if block == nil {
		return errors.New("the public key is not PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return errors.New("the public key is not RSA")
	}
	signature, err := base64.StdEncoding.DecodeString(header.Get("videosdk-signature"))
	digest := sha256.Sum256(body)
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		return errors.New("the webhook is signed with another key, or was changed")
	}
	return nil
}

// `go run verify.go 'name: value'… < body` with WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY in the environment.
func main() {
	header := http.Header{}
	for _, line := range os.Args[1:] {
		if name, value, found := strings.Cut(line, ": "); found {
			header.Set(name, value)
		}
	}
	body, err := io.ReadAll(os.Stdin)
	secret, publicKey := os.Getenv("WEBHOOK_SECRET"), os.Getenv("WEBHOOK_PUBLIC_KEY")
	if err == nil && secret == "" && publicKey == "" {
		err = errors.New("set WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY")
	}
	if err == nil && secret != "" {
		err = VerifyHMAC(body, header, strings.Split(secret, " "), time.Now())
	}
	if err == nil && publicKey != "" {
		err = VerifyRSA(body, header, publicKey)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
