import type { LocalProvider, ProviderFactory } from '../provider.js';
import { LocalSettings } from './local.settings.js';

/**
 * The platform that is no platform: people sign in with the phone of their account. It says which ways are open; the pages and
 * the proof are in `auth/sign-in/steps`.
 */
export const openLocal: ProviderFactory<LocalSettings, LocalProvider> = {
  settings: LocalSettings,
  secrets: [],
  open: ({ phoneCode, password }): LocalProvider => ({
    platform: 'local',
    methods: { phoneCode, password },
  }),
};
