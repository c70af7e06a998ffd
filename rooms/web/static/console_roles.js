/** What somebody is in a room: `base/wire.py`, Role. */
export const Role = Object.freeze({ STAFF: 'staff', KIOSK: 'kiosk', GUEST: 'guest' });
