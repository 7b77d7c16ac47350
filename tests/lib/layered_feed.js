// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

export const kFramesPerSecond = 25;

/** Video layers by pad number; bits per second of the encoder. */
export const kLayers = [
  { width: 320, height: 180, kilobits: 120 },
  { width: 640, height: 360, kilobits: 450 },
  { width: 1280, height: 720, kilobits: 1400 },
];

// A keyframe is at most a quarter of a second of its layer's rate: a path that carries the layer is not flooded by one.
const kEncoderBufferMs = 250;

const encoder = ({ width, height, kilobits }, pad) =>
  `t. ! queue leaky=downstream max-size-buffers=3 max-size-bytes=0 max-size-time=0 ! videoscale ! video/x-raw,width=${width},height=${height} ! ` +
  `x264enc tune=zerolatency speed-preset=ultrafast threads=1 sliced-threads=false key-int-max=60 bitrate=${kilobits} vbv-buf-capacity=${kEncoderBufferMs} ! ` +
  `video/x-h264,profile=constrained-baseline ! rtph264pay mtu=1200 aggregate-mode=none ! f.video_${pad}`;

/**
 * A pipeline for gst-launch-1.0: one live picture in all of kLayers, and sound, into a viewerfanout that serves WHEP. The
 * snow in the picture takes what rate it is given, so that each layer has its own all the time.
 */
export const layeredFeed = () =>
  'viewerfanout name=f listen=http://127.0.0.1:0/whep ' +
  `videotestsrc is-live=true horizontal-speed=2 ! video/x-raw,width=1280,height=720,framerate=${kFramesPerSecond}/1 ! timeoverlay ! tee name=t ` +
  `${kLayers.map(encoder).join(' ')} audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio`;
