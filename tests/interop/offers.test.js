// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Offers of every shape that WHEP players send: Chromium accepts the answers of viewerfanout and plays.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../lib/chromium.js';
import { framesAdvance } from '../lib/frames.js';
import { GstLaunch } from '../lib/gst_launch.js';
import { blankOrigin, rtpStats, soundHeard } from '../lib/whip_whep_page.js';

const kPipeline =
  'videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay ! ' +
  'viewerfanout name=f listen=http://127.0.0.1:0/whep audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';

/** Candidates of kinds that nobody has, names that cannot be resolved, and no candidates at all. */
const kGarbage = [
  'a=candidate:1 1 udp 2113937151 2f9a7c3e-0d1b-4f6e-9c55-8b1f0a7d6e42.local 51234 typ host generation 0',
  'a=candidate:2 1 tcp 1518280447 2f9a7c3e-0d1b-4f6e-9c55-8b1f0a7d6e42.local 9 typ host tcptype active',
  'a=candidate:3 1 udp 1 fe80::1%eth0 1 typ host',
  'a=candidate:4 2 sctp 1 example.invalid 99999 typ srflx raddr 0.0.0.0 rport 0',
  'a=candidate:5 1 udp 99999999999999999999 0 -1 typ',
  `a=candidate:6 1 udp 1 ${'x'.repeat(2000)} 1 typ host`,
  'a=candidate:',
  'a=candidate',
  'a=remote-candidates:1 0 0',
  'a=end-of-candidates',
].join('\r\n');

/** m-sections of the offer: kind, or kind:codec for one codec alone, or "data". `munge`: what is sent instead. */
const kRows = [
  { name: 'sound first', sections: ['audio', 'video'], ports: [9, 9] },
  { name: 'picture first', sections: ['video', 'audio'], ports: [9, 9] },
  { name: 'picture alone', sections: ['video'], ports: [9] },
  {
    name: 'mDNS candidates',
    sections: ['audio', 'video'],
    gather: true,
    munge: (sdp) => sdp.replaceAll(/^(a=candidate:(?:\S+ ){4})\S+/gm, '$12f9a7c3e-0d1b-4f6e-9c55-8b1f0a7d6e42.local'),
    ports: [9, 9],
  },
  {
    name: 'candidates that are none',
    sections: ['audio', 'video'],
    munge: (sdp) => sdp.replaceAll('a=rtcp-mux\r\n', `a=rtcp-mux\r\n${kGarbage}\r\n`),
    ports: [9, 9],
  },
  {
    name: 'bundle-only',
    sections: ['audio', 'video'],
    munge: (sdp) => sdp.replace(/^(m=video )9(.*\r\n)/m, '$10$2a=bundle-only\r\n'),
    ports: [9, 9],
  },
  {
    name: 'rtcp-mux-only',
    sections: ['audio', 'video'],
    munge: (sdp) => sdp.replaceAll('a=rtcp-mux\r\n', 'a=rtcp-mux\r\na=rtcp-mux-only\r\n'),
    ports: [9, 9],
  },
  { name: 'a data channel', sections: ['audio', 'video', 'data'], ports: [9, 9, 0] },
  { name: 'several pictures', sections: ['video', 'video', 'audio', 'video'], ports: [9, 0, 9, 0] },
  { name: 'the first picture in a codec that is not ours', sections: ['video:AV1', 'video', 'audio'], ports: [0, 9, 9] },
  { name: 'the first section rejected', sections: ['audio:PCMU', 'video'], ports: [0, 9] },
  { name: 'sendrecv', sections: ['audio', 'video'], direction: 'sendrecv', ports: [9, 9] },
  {
    name: 'one section without BUNDLE',
    sections: ['video'],
    munge: (sdp) => sdp.replace(/a=group:BUNDLE.*\r\n/, ''),
    ports: [9],
    grouped: false,
  },
  {
    name: 'setup:active',
    sections: ['audio', 'video'],
    munge: (sdp) => sdp.replaceAll('a=setup:actpass', 'a=setup:active'),
    ports: [9, 9],
    setup: 'passive',
  },
  {
    name: 'setup:passive',
    sections: ['audio', 'video'],
    munge: (sdp) => sdp.replaceAll('a=setup:actpass', 'a=setup:passive'),
    ports: [9, 9],
    setup: 'active',
  },
  { name: 'two-byte extension ids', sections: ['audio', 'video'], idsFrom: 20, ports: [9, 9], extensions: true },
  {
    name: 'two-byte extension ids that may not be mixed',
    sections: ['audio', 'video'],
    idsFrom: 20,
    munge: (sdp) => sdp.replaceAll('a=extmap-allow-mixed\r\n', ''),
    ports: [9, 9],
    extensions: false,
  },
];

let browser, origin, pipeline, endpoint;

before(async () => {
  origin = await blankOrigin();
  browser = await launchChromium();
  pipeline = new GstLaunch(kPipeline, { env: { GST_DEBUG: '*:2,bin:1', GST_DEBUG_NO_COLOR: '1' } });
  endpoint = await pipeline.listening('viewerfanout');
});

after(async () => {
  await browser?.close();
  await pipeline?.stop();
  origin?.close();
});

/** Makes `window.pc` and its offer. @returns {Promise<string>} */
const makeOffer = (page, row) =>
  page.evaluate(
    async ({ sections, direction = 'recvonly', gather, idsFrom }) => {
      const pc = (window.pc = new RTCPeerConnection());
      const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
      document.body.append(video);
      const stream = new MediaStream();
      pc.ontrack = ({ track, transceiver }) => {
        if (!transceiver.currentDirection?.includes('recv')) return;
        stream.addTrack(track);
        video.srcObject = stream;
      };
      for (const section of sections) {
        const [kind, codec] = section.split(':');
        if (kind === 'data') {
          pc.createDataChannel('chat');
          continue;
        }
        const transceiver = pc.addTransceiver(kind, { direction });
        if (codec) {
          const { codecs } = RTCRtpReceiver.getCapabilities(kind);
          transceiver.setCodecPreferences(codecs.filter((one) => one.mimeType === `${kind}/${codec}`));
        }
      }
      const gathered = new Promise((resolve) => (pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve()));
      const offer = await pc.createOffer();
      if (idsFrom) offer.sdp = offer.sdp.replaceAll(/^a=extmap:(\d+)/gm, (_, id) => `a=extmap:${idsFrom + Number(id)}`);
      await pc.setLocalDescription(offer);
      if (gather) await gathered;
      return pc.localDescription.sdp;
    },
    { ...row, munge: undefined },
  );

const post = (sdp) => fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: sdp });

for (const row of kRows) {
  test(row.name, { timeout: 30_000 }, async () => {
    const page = await browser.newPage();
    try {
      await page.goto(origin.url);
      const offer = await makeOffer(page, row);
      const sent = row.munge ? row.munge(offer) : offer;
      if (row.munge) assert.notEqual(sent, offer);
      const response = await post(sent);
      const answer = await response.text();
      assert.equal(response.status, 201, answer);
      const sections = answer.split(/^(?=m=)/m).slice(1);
      assert.deepEqual(
        sections.map((section) => Number(section.split(' ')[1])),
        row.ports,
      );
      const group = answer.match(/^a=group:BUNDLE(.*)\r$/m)?.[1].trim().split(' ');
      const accepted = sections.filter((_, index) => row.ports[index] !== 0).map((section) => section.match(/^a=mid:(.*)\r$/m)[1]);
      assert.deepEqual(group, row.grouped === false ? undefined : accepted);
      if (row.setup) assert.match(answer, new RegExp(`a=setup:${row.setup}`));
      if (row.extensions !== undefined) assert.equal(/^a=extmap:2\d /m.test(answer), row.extensions);
      await page.evaluate((sdp) => window.pc.setRemoteDescription({ type: 'answer', sdp }), answer);
      await framesAdvance(page, 15);
      if (row.sections.includes('audio')) await soundHeard(page);
      const [video] = await rtpStats(page, 'inbound-rtp', 'video');
      assert.equal(video.packetsLost, 0);
      const left = await fetch(new URL(response.headers.get('location'), endpoint), { method: 'DELETE' });
      assert.equal(left.status, 200);
    } finally {
      await page.close();
    }
  });
}

test('what cannot be served is refused with a reason', { timeout: 30_000 }, async () => {
  const page = await browser.newPage();
  try {
    await page.goto(origin.url);
    const refusal = async (row, munge = (sdp) => sdp) => {
      const response = await post(munge(await makeOffer(page, row)));
      return { status: response.status, ...(await response.json()) };
    };
    const codecs = await refusal({ sections: ['video:AV1', 'audio:PCMU'] });
    assert.equal(codecs.status, 406);
    assert.match(codecs.message, /^the offer receives video as AV1.*; audio as PCMU; possible here: video as h264, vp8; audio as opus$/);
    const apart = await refusal({ sections: ['video', 'audio'] }, (sdp) => sdp.replace(/a=group:BUNDLE.*\r\n/, ''));
    assert.equal(apart.status, 400);
    assert.match(apart.message, /a=group:BUNDLE/);
    const data = await refusal({ sections: ['data'] });
    assert.equal(data.status, 406);
    assert.match(data.message, /the offer receives nothing/);
  } finally {
    await page.close();
  }
});

test('none of it was worth a warning', () => {
  assert.doesNotMatch(pipeline.stderr, / (WARN|ERROR) /);
});
