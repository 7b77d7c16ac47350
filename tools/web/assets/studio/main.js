// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { fillIcons, setIcon } from '../icons.js';
import { claimsOf, hostsOf, joinAsHost } from '../rostrum.js';
import { act, byId, clock, copy, farewell, make, place, seat, toast } from '../ui.js';
import { LocalMedia } from './devices.js';
import { GoLiveDialog } from './golive.js';
import { showPanel } from './panel.js';
import { Tiles } from './tiles.js';

const { server, roomId, token, query, fragment } = place();
const media = new LocalMedia();
let host = null;
let tiles = null;

const isLive = (room) => /_(STARTING|STARTED)$/.test(room.livestreamState);
const isRecording = (room) => /_(STARTING|STARTED)$/.test(room.recordingState);

function screen(name) {
  document.body.dataset.screen = name;
  byId('lobby').hidden = name !== 'lobby';
  byId('over').hidden = name !== 'over';
  for (const id of ['stage', 'panel', 'bar']) byId(id).hidden = name !== 'stage';
}

/* Own camera and microphone */

function showMedia() {
  for (const kind of ['audio', 'video']) {
    for (const button of document.querySelectorAll(`[data-toggle=${kind}]`)) {
      button.ariaPressed = String(media.has(kind));
      setIcon(button, (kind === 'audio' ? 'mic' : 'cam') + (media.has(kind) ? '' : '-off'));
    }
  }
  const preview = byId('preview');
  if (preview.srcObject !== media.stream) preview.srcObject = media.stream;
  byId('preview-empty').hidden = media.has('video');
  byId('preview-text').textContent = 'Your camera is off';
  host?.mark({ mic: media.has('audio'), camera: media.has('video') });
  if (host) showRoom();
}

async function showDevices() {
  for (const select of document.querySelectorAll('[data-devices]')) {
    const { devices, current } = await media.list(select.dataset.devices);
    const fallback = select.dataset.devices === 'videoinput' ? 'Camera' : 'Microphone';
    select.replaceChildren(
      ...devices.map((one, index) =>
        make('option', { value: one.deviceId, selected: one.deviceId === current }, one.label || `${fallback} ${index + 1}`),
      ),
    );
    select.disabled = !devices.length;
    if (!devices.length) select.append(make('option', {}, `No ${fallback.toLowerCase()} found`));
  }
}

function wireMedia() {
  for (const button of document.querySelectorAll('[data-toggle]'))
    button.onclick = () => act(button, () => media.toggle(button.dataset.toggle));
  for (const select of document.querySelectorAll('[data-devices]'))
    select.onchange = () => act(select, () => media.select(select.dataset.devices, select.value));
  navigator.mediaDevices.addEventListener('devicechange', showDevices);
  media.on('change', showMedia);
  media.on('change', showDevices);
  media.on('track', ({ kind, track }) => host?.setTrack(kind, track));
  const meter = () => {
    if (document.body.dataset.screen !== 'lobby') return;
    byId('meter').style.transform = `scaleX(${media.level().toFixed(3)})`;
    requestAnimationFrame(meter);
  };
  meter();
}

async function openMedia() {
  try {
    await media.start();
  } catch (error) {
    byId('preview-text').textContent =
      error.name === 'NotAllowedError'
        ? 'The browser may not use your camera. Allow it in the address bar, then reload.'
        : 'No camera or microphone was found.';
    byId('preview-empty').hidden = false;
  }
  await showDevices();
}

/* The room */

function showRoom() {
  const { room } = host;
  const own = {
    participantId: host.participantId,
    name: media.name,
    stream: media.stream,
    camera: media.has('video'),
    mic: media.has('audio'),
  };
  tiles.show(
    own,
    hostsOf(room).filter((one) => one.participantId !== own.participantId && one.feeds.length),
    room.speaker,
  );
  showPanel(room);
  byId('hand').ariaPressed = String(handIsUp());
  showButtons(room);
}

const handIsUp = () => host.room.participants[host.participantId]?.marks.hand ?? false;

function showButtons(room) {
  const live = isLive(room);
  const recording = isRecording(room);
  byId('live').hidden = room.livestreamState !== 'LIVESTREAM_STARTED';
  document.body.toggleAttribute('data-live', live || recording);
  byId('go-live').querySelector('.label').textContent = live ? 'Stop live' : 'Go live';
  byId('go-live').classList.toggle('primary', !live);
  setIcon(byId('go-live'), live ? 'stop' : 'broadcast');
  byId('record').ariaPressed = String(recording);
  setIcon(byId('record'), recording ? 'stop' : 'record');
  const may = room.permissions.length ? room.permissions.includes('allow_mod') : (claimsOf(token).permissions ?? []).includes('allow_mod');
  for (const id of ['go-live', 'record', 'end']) byId(id).hidden = !may;
  showClock();
}

function showClock() {
  if (!host) return;
  const { room } = host;
  const running = room.recordingState === 'RECORDING_STARTED';
  const time = running && room.recording?.startedAt ? clock(Date.now() - room.recording.startedAt) : '0:00';
  byId('rec-chip').hidden = !running;
  byId('rec-clock').textContent = `REC ${time}`;
  byId('record').querySelector('.label').textContent = isRecording(room)
    ? `Stop ${time}`
    : room.recordingState === 'RECORDING_STOPPING'
      ? 'Finishing'
      : 'Record';
}

/** Says what changed for those who do not look at the panel. */
function announce({ event, data }) {
  if (event === 'livestream-state-changed' && data.status === 'LIVESTREAM_STARTED') toast('You are live', 'good');
  if (event === 'livestream-state-changed' && data.status === 'LIVESTREAM_STOPPED') toast('Live output stopped');
  if (event === 'recording-state-changed' && data.status === 'RECORDING_STOPPED') toast('Recording saved', 'good');
  if (event === 'session-restarted') toast('The session was restarted; reconnecting');
}

async function enter() {
  media.name = byId('name').value.trim();
  localStorage.setItem('rostrum.name', media.name);
  const joined = await joinAsHost({
    server,
    roomId,
    token,
    participantId: query.get('participantId') ?? claimsOf(token).participantId ?? seat(roomId),
    name: media.name,
  });
  host = joined;
  tiles = new Tiles({
    play: (feed) => joined.play(feed).stream,
    stop: (feed) => joined.stopPlaying(feed),
  });
  joined.on('room', showRoom);
  joined.on('event', announce);
  joined.on('error', (error) => toast(error.message, 'bad'));
  joined.on('connection', (state) => (byId('connection').hidden = state !== 'reconnecting'));
  joined.on('media', (state) => (byId('connection').hidden = state !== 'reconnecting'));
  joined.on('ended', over);
  screen('stage');
  joined.mark({ mic: media.has('audio'), camera: media.has('video') });
  joined.publish(media.stream, { simulcast: true }); // small tiles and thin connections get small pictures
  showRoom();
  adoptRecording(joined);
}

/** Who comes late learns when the running recording began, for the timer. */
async function adoptRecording(joined) {
  if (!isRecording(joined.room) || joined.room.recording?.startedAt) return;
  const { data = [] } = (await joined.api.recordings().catch(() => null)) ?? {};
  const running = data.find((one) => !one.end);
  if (running)
    joined.room = {
      ...joined.room,
      recording: { id: running.id, startedAt: Date.parse(running.start ?? running.createdAt), filePath: '' },
    };
  showRoom();
}

function over(how) {
  media.stop();
  tiles?.clear();
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  host = null;
  document.body.removeAttribute('data-live');
  byId('live').hidden = byId('rec-chip').hidden = byId('connection').hidden = true;
  byId('over-title').textContent = how.code === 1101 ? 'You left the stage' : 'Stream ended';
  byId('over-text').textContent = farewell(how);
  screen('over');
}

function showPeople(open) {
  document.body.dataset.panel = open ? 'open' : 'closed';
  byId('people-toggle').ariaExpanded = String(open);
}

function watchLink() {
  const link = new URL(`watch/${encodeURIComponent(roomId)}`, server);
  const viewerToken = query.get('watchToken') ?? fragment.get('watchToken');
  if (viewerToken) link.searchParams.set('token', viewerToken);
  return link.href;
}

function wireRoom() {
  const golive = new GoLiveDialog((outputs, config) => host.goLive(outputs, config));
  byId('lobby-form').onsubmit = (event) => (event.preventDefault(), act(byId('join'), enter));
  byId('go-live').onclick = () => (isLive(host.room) ? act(byId('go-live'), () => host.endLive()) : golive.open());
  byId('record').onclick = () => act(byId('record'), () => (isRecording(host.room) ? host.stopRecording() : host.startRecording()));
  byId('end').onclick = () => byId('end-dialog').showModal();
  byId('end-confirm').onclick = () => act(byId('end-confirm'), () => host.end());
  for (const id of ['leave', 'leave-narrow']) byId(id).onclick = () => host.leave();
  byId('hand').onclick = () => host.mark({ hand: !handIsUp() });
  byId('devices-open').onclick = () => byId('devices-dialog').showModal();
  byId('copy').onclick = () => copy(watchLink());
  byId('again').onclick = () => location.reload();
  byId('people-toggle').onclick = () => {
    showPeople(document.body.dataset.panel === 'closed');
  };
  for (const dialog of document.querySelectorAll('dialog')) {
    for (const button of dialog.querySelectorAll('[data-close]')) button.onclick = () => dialog.close();
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  }
  setInterval(showClock, 500);
}

fillIcons(document);
byId('room').textContent = roomId;
document.title = `${roomId} studio · Rostrum`;
byId('name').value = query.get('name') ?? localStorage.getItem('rostrum.name') ?? '';
wireMedia();
wireRoom();
showPeople(matchMedia('(min-width: 901px)').matches);
openMedia();
if (!token) toast('This link carries no token. Ask your app server for a studio link.', 'bad');
