// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Rostrum's client library: one ES module, no dependencies.
 *
 *   import { joinAsHost, joinAsViewer } from 'https://live.example.org/assets/rostrum.js';
 *
 *   const host = await joinAsHost({ roomId, token, stream: await getCamera() });
 *   await host.goLive([{ url: 'rtmp://a.example/live', streamKey: '…' }]);
 *
 *   const viewer = await joinAsViewer({ roomId, token, video: document.querySelector('video') });
 *   viewer.on('ended', ({ reason }) => console.log('over:', reason));
 */

import { Participation } from './rostrum/participation.js';

export { Api, RostrumError } from './rostrum/api.js';
export { claimsOf, Participation } from './rostrum/participation.js';
export { publishCodecs } from './rostrum/peer.js';
export { hostsOf, viewersOf } from './rostrum/room.js';

/** Where this module came from is the server, unless told otherwise. */
const kServer = new URL('../', import.meta.url);

/** 1280x720 at 30 frames per second, and a voice microphone. */
export const kCamera = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
export const kMicrophone = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Asks for camera and microphone.
 * @param {{cameraId?: string, microphoneId?: string}} [devices]
 * @returns {Promise<MediaStream>}
 */
export function getCamera({ cameraId, microphoneId } = {}) {
  return navigator.mediaDevices.getUserMedia({
    video: { ...kCamera, ...(cameraId && { deviceId: { exact: cameraId } }) },
    audio: { ...kMicrophone, ...(microphoneId && { deviceId: { exact: microphoneId } }) },
  });
}

/**
 * @typedef {object} JoinOptions
 * @property {string} roomId
 * @property {string} token minted by the app server
 * @property {string|URL} [server] base URL of the server, for pages that come from elsewhere
 * @property {string} [participantId] random when left out, unless the token names one
 * @property {string} [name] shown to others
 */

/**
 * Joins as a host. With `stream`, publishing starts at once; without, call `publish(stream)` later.
 * @param {JoinOptions & {stream?: MediaStream, simulcast?: boolean}} options `simulcast`: see `publish`
 * @returns {Promise<Participation>}
 */
export async function joinAsHost({ stream, simulcast, server = kServer, ...options }) {
  const participation = await new Participation({ server, mode: 'SEND_AND_RECV', ...options }).join();
  if (stream) participation.publish(stream, { simulcast });
  return participation;
}

/**
 * Joins as a viewer and plays the program.
 * @param {JoinOptions & {video?: HTMLMediaElement, limits?: import('./rostrum/peer.js').Limits}} options `video` gets the program as
 *   its srcObject
 * @returns {Promise<Participation>}
 */
export async function joinAsViewer({ video, limits, server = kServer, ...options }) {
  const participation = await new Participation({ server, mode: 'RECV_ONLY', ...options }).join();
  const player = participation.play(undefined, limits);
  if (video) video.srcObject = player.stream;
  return participation;
}
