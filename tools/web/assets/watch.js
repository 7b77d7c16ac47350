// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { fillIcons, setIcon } from './icons.js';
import { hostsOf, joinAsViewer, RostrumError, viewersOf } from './rostrum.js';
import { avatar, byId, count, farewell, place, seat } from './ui.js';

const kStallMs = 2500; // no new frame for so long while there is a program: say so
const video = byId('video');
const { server, roomId, token, query } = place();

let viewer = null;
let over = null; // {title, text} once nothing comes any more
let lastFrameAt = 0;

/** What the page shows, from what is known; the first that holds. */
function situation() {
  if (over) return { state: 'ended', ...over };
  if (!viewer) return { state: 'connecting', title: 'Connecting…', text: '' };
  const playing = performance.now() - lastFrameAt < kStallMs;
  const broadcasting = viewer.room.program.mode !== 'empty' && hostsOf(viewer.room).some((host) => host.kinds.length || host.feeds.length);
  if (!broadcasting && !playing)
    return {
      state: 'waiting',
      title: 'Waiting for the host',
      text: lastFrameAt ? 'The stream goes on here by itself.' : 'The stream has not started yet. It begins here by itself.',
    };
  const lost = viewer.connectionState === 'reconnecting' || viewer.mediaState === 'reconnecting';
  if (!lost && !playing && viewer.room.quality.program?.paused)
    return { state: 'paused', title: 'Video paused', text: 'Your connection is too slow for the picture. The sound goes on.' };
  if (lost || (lastFrameAt && !playing))
    return { state: 'reconnecting', title: 'Reconnecting…', text: 'The picture comes back in a moment.' };
  return playing ? { state: 'live' } : { state: 'connecting', title: 'Starting playback…', text: '' };
}

function show() {
  const { state, title = '', text = '' } = situation();
  document.body.dataset.state = state;
  byId('cover').hidden = state === 'live';
  if (byId('cover-title').textContent !== title) byId('cover-title').textContent = title;
  byId('cover-text').textContent = text;
  byId('spinner').hidden = state !== 'connecting' && state !== 'reconnecting';
  const mark = state === 'paused' ? 'signal' : 'broadcast';
  if (byId('cover-icon').dataset.icon !== mark) setIcon(byId('cover-icon'), mark);
  byId('cover-icon').hidden = state === 'connecting' || state === 'reconnecting';
  byId('again').hidden = state !== 'ended';
  const on = state === 'live' || state === 'paused';
  byId('live').hidden = !on;
  byId('controls').hidden = !on;
  byId('unmute').hidden = !on || !video.muted || byId('mute').ariaPressed === 'true';
  byId('viewers').hidden = state === 'ended';
  byId('again').textContent = over?.final ? 'Check again' : 'Try again';
  if (viewer) showPeople(viewer.room);
}

let shownPeople = '';

function showPeople(room) {
  const hosts = hostsOf(room);
  const watching = viewersOf(room).length;
  byId('viewer-count').textContent = watching;
  byId('about').hidden = !hosts.length || Boolean(over);
  byId('about-text').textContent = `${count(watching, 'person').replace('persons', 'people')} watching`;
  const names = hosts.map((host) => host.name).join(', ');
  if (names === shownPeople) return;
  shownPeople = names;
  byId('host-names').textContent = names;
  byId('host-avatars').replaceChildren(...hosts.slice(0, 4).map(avatar));
}

/** Sound first; where the browser wants a tap before, silently until then. */
async function play() {
  try {
    await video.play();
  } catch (error) {
    if (error.name !== 'NotAllowedError') return;
    setMuted(true, false);
    await video.play().catch(() => {});
  }
  show();
}

function watchFrames() {
  video.requestVideoFrameCallback(() => {
    const first = performance.now() - lastFrameAt > kStallMs;
    lastFrameAt = performance.now();
    if (first) show();
    watchFrames();
  });
}

function setMuted(muted, byPerson) {
  video.muted = muted;
  byId('mute').ariaPressed = String(muted && byPerson);
  byId('mute').querySelector('.sr-only').textContent = muted ? 'Unmute' : 'Mute';
  setIcon(byId('mute'), muted ? 'volume-off' : 'volume');
  if (!muted) play();
  show();
}

function wireControls() {
  byId('unmute').onclick = () => setMuted(false, true);
  byId('mute').onclick = () => setMuted(!video.muted, true);
  byId('volume').oninput = ({ target }) => {
    video.volume = Number(target.value);
    if (video.muted && video.volume) setMuted(false, true);
  };
  byId('full').onclick = () => (document.fullscreenElement ? document.exitFullscreen() : byId('player').requestFullscreen());
  byId('pip').hidden = !document.pictureInPictureEnabled;
  byId('pip').onclick = () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture());
  byId('again').onclick = () => location.reload();
}

async function join() {
  if (!token) throw new RostrumError({ message: 'This link carries no token. Ask for a new one.' });
  const joined = await joinAsViewer({
    server,
    roomId,
    token,
    participantId: query.get('participantId') ?? seat(roomId),
    name: query.get('name') ?? '',
    video,
  });
  viewer = joined;
  joined.on('room', show);
  joined.on('connection', (state) => ((joined.connectionState = state), show()));
  joined.on('media', (state) => ((joined.mediaState = state), show()));
  joined.on('error', (error) => error.status && (over = { title: 'This stream cannot be played', text: error.message }));
  joined.on('ended', (how) => {
    over ??= { title: 'Stream ended', text: farewell(how), final: true };
    show();
  });
  play();
}

fillIcons(document);
byId('room').textContent = roomId;
document.title = `${roomId} · Rostrum`;
wireControls();
watchFrames();
setInterval(show, 1000);
join().catch((error) => {
  over = {
    title: 'This stream cannot be joined',
    text: error.code >= 4000 ? farewell({ reason: error.message, code: error.code }) : error.message,
  };
  show();
});
