//! Santa's settings in a configuration profile or a property list.

use ::plist::Value as Plist;

use super::read::{Parsed, parse};
use super::{DOMAINS, RULES};
use crate::fleet::{Setting, SettingKey};
use crate::format::gather::whole;
use crate::format::{Document, File, PlacedSetting, Remark};
use crate::rule::Scope;

/// Keys of Santa's that a sync server sends too, old names included.
const KEYS: [(&str, SettingKey); 15] = [
    ("ClientMode", SettingKey::ClientMode),
    ("AllowedPathRegex", SettingKey::AllowedPathRegex),
    ("WhitelistRegex", SettingKey::AllowedPathRegex),
    ("BlockedPathRegex", SettingKey::BlockedPathRegex),
    ("BlacklistRegex", SettingKey::BlockedPathRegex),
    ("FullSyncInterval", SettingKey::FullSyncInterval),
    ("BatchSize", SettingKey::BatchSize),
    ("EnableBundles", SettingKey::EnableBundles),
    ("EnableTransitiveRules", SettingKey::EnableTransitiveRules),
    ("EnableTransitiveWhitelisting", SettingKey::EnableTransitiveRules),
    ("EnableAllEventUpload", SettingKey::EnableAllEventUpload),
    ("DisableUnknownEventUpload", SettingKey::DisableUnknownEventUpload),
    ("OverrideFileAccessAction", SettingKey::OverrideFileAccessAction),
    ("EventDetailURL", SettingKey::EventDetailUrl),
    ("EventDetailText", SettingKey::EventDetailText),
];
/// The two old keys that are one setting here.
const BLOCK_USB: &str = "BlockUSBMount";
const REMOUNT_USB: &str = "RemountUSBMode";

/// Two keys that are one setting: an action, and the flags of the action `Remount`.
struct MediaKeys {
    action: &'static str,
    flags: &'static str,
    setting: SettingKey,
}

/// The keys of Santa 2026.3 and later.
const MEDIA: [MediaKeys; 2] = [
    MediaKeys {
        action: "RemovableMediaAction",
        flags: "RemovableMediaRemountFlags",
        setting: SettingKey::RemovableMedia,
    },
    MediaKeys {
        action: "EncryptedRemovableMediaAction",
        flags: "EncryptedRemovableMediaRemountFlags",
        setting: SettingKey::EncryptedRemovableMedia,
    },
];

/// Reads the settings, all for one scope. What stays in the profile is noted.
#[must_use]
pub fn read_settings(file: &File, scope: &Scope) -> Document {
    let mut document = Document { files: vec![file.name.clone()], ..Document::default() };
    match parse(0, file) {
        Err(fault) => document.faults.push(fault),
        Ok(Parsed { plist, signature }) => {
            document.notes.extend(signature.map(|text| Remark { place: whole(0), text }));
            let mut reader = Reader { scope, document: &mut document };
            let payloads = payloads(&plist);
            payloads.iter().for_each(|payload| reader.payload(payload));
        }
    }
    document
}

/// Whether any payload has a setting that a sync server sends too.
pub(super) fn has_settings(plist: &Plist) -> bool {
    payloads(plist).iter().any(|payload| payload.keys().any(|key| is_setting(key)))
}

/// Whether a sync server sends what this key of a profile sets.
pub(super) fn is_setting(key: &str) -> bool {
    is_media(key) || KEYS.iter().any(|(name, _)| *name == key)
}

/// Whether the key is about removable disks, where two keys are one setting.
fn is_media(key: &str) -> bool {
    let of_media = |keys: &MediaKeys| key == keys.action || key == keys.flags;
    key == BLOCK_USB || key == REMOUNT_USB || MEDIA.iter().any(of_media)
}

/// The dictionaries with Santa's preferences: payloads of Santa's own type, the forced settings of
/// its domain in payloads for managed preferences, or the whole of a bare property list.
fn payloads(plist: &Plist) -> Vec<&plist::Dictionary> {
    let mut found = Vec::new();
    search(plist, &mut found);
    if let (true, Some(root)) = (found.is_empty(), plist.as_dictionary())
        && !root.contains_key("PayloadType")
        && root.keys().any(|key| is_setting(key) || key == RULES)
    {
        found.push(root);
    }
    found
}

fn search<'p>(plist: &'p Plist, found: &mut Vec<&'p plist::Dictionary>) {
    match plist {
        Plist::Array(values) => values.iter().for_each(|value| search(value, found)),
        Plist::Dictionary(entries) => {
            let kind = entries.get("PayloadType").and_then(Plist::as_string);
            if kind.is_some_and(|kind| DOMAINS.contains(&kind)) {
                return found.push(entries);
            }
            for (key, value) in entries {
                match DOMAINS.contains(&key.as_str()) {
                    true => preferences(value, found),
                    false => search(value, found),
                }
            }
        }
        _ => {}
    }
}

/// Managed preferences nest the settings in `Forced` or `Set-Once`, or have them directly.
fn preferences<'p>(plist: &'p Plist, found: &mut Vec<&'p plist::Dictionary>) {
    const NESTED: &str = "mcx_preference_settings";
    match plist {
        Plist::Array(values) => values.iter().for_each(|value| preferences(value, found)),
        Plist::Dictionary(entries) => match entries.get(NESTED) {
            Some(settings) => found.extend(settings.as_dictionary()),
            None if entries.keys().any(|key| is_setting(key)) => found.push(entries),
            None => entries.values().for_each(|value| preferences(value, found)),
        },
        _ => {}
    }
}

struct Reader<'d> {
    scope: &'d Scope,
    document: &'d mut Document,
}

impl Reader<'_> {
    fn payload(&mut self, payload: &plist::Dictionary) {
        for (key, value) in payload {
            match KEYS.iter().find(|(name, _)| name == key) {
                Some((name, setting)) => self.setting(name, *setting, value),
                None if is_media(key) => {}
                None if key.starts_with("Payload") => {}
                None if key == RULES => {
                    self.note(format!("{key}: are rules; nicelist rule import reads them"));
                }
                None => self.note(format!(
                    "{key}: is left out; a sync server does not send it, so keep it in the profile"
                )),
            }
        }
        MEDIA.iter().for_each(|keys| self.media(payload, keys));
        self.removable_media(payload);
    }

    fn setting(&mut self, name: &str, key: SettingKey, value: &Plist) {
        let text = match (key, value) {
            (SettingKey::ClientMode, Plist::Integer(number)) => match number.as_unsigned() {
                Some(1) => Some("monitor".to_owned()),
                Some(2) => Some("lockdown".to_owned()),
                Some(3) => Some("standalone".to_owned()),
                _ => {
                    return self.fault(format!(
                        "{name}: expected 1 (monitor), 2 (lockdown) or 3 (standalone)"
                    ));
                }
            },
            (_, value) => text(value),
        };
        let Some(text) = text else {
            return self.fault(format!("{name}: expected a text, a number or a truth value"));
        };
        match Setting::parse(key, &text) {
            Ok(setting) => self.keep(name, setting),
            Err(error) => self.fault(format!("{name}: {error}")),
        }
    }

    fn media(&mut self, payload: &plist::Dictionary, keys: &MediaKeys) {
        let MediaKeys { action, flags, setting } = keys;
        let mount_flags = payload.get(flags).map(mount_flags).filter(|flags| !flags.is_empty());
        let Some(value) = payload.get(action) else {
            if mount_flags.is_some() {
                self.note(format!("{flags}: is left out; it has no effect without {action}"));
            }
            return;
        };
        let word = value.as_string().unwrap_or_default().to_ascii_lowercase();
        let value = match (word.as_str(), mount_flags) {
            ("allow" | "block", Some(_)) => {
                self.note(format!("{flags}: is left out; {action} is not Remount"));
                word.clone()
            }
            ("allow" | "block", None) => word.clone(),
            ("remount", Some(flags)) => format!("remount:{flags}"),
            ("remount", None) => {
                return self.fault(format!("{action}: Remount needs at least one of {flags}"));
            }
            _ => return self.fault(format!("{action}: expected Allow, Block or Remount")),
        };
        match Setting::parse(*setting, &value) {
            Ok(setting) => self.keep(action, setting),
            Err(error) => self.fault(format!("{flags}: {error}")),
        }
    }

    /// The old keys. Santa remounts removable disks only where it blocks them.
    fn removable_media(&mut self, payload: &plist::Dictionary) {
        let [MediaKeys { action, .. }, _] = &MEDIA;
        if payload.contains_key(action) {
            for key in [BLOCK_USB, REMOUNT_USB].into_iter().filter(|key| payload.contains_key(key))
            {
                self.note(format!("{key}: is left out; {action} replaces it"));
            }
            return;
        }
        let flags = payload.get(REMOUNT_USB).map(mount_flags);
        let Some(block) = payload.get(BLOCK_USB) else {
            if flags.is_some() {
                let text = "is left out; it has no effect unless BlockUSBMount is true";
                self.note(format!("{REMOUNT_USB}: {text}"));
            }
            return;
        };
        let value = match (block.as_boolean(), flags.as_deref()) {
            (None, _) => return self.fault(format!("{BLOCK_USB}: expected true or false")),
            (Some(false), _) => "allow".to_owned(),
            (Some(true), None | Some("")) => "block".to_owned(),
            (Some(true), Some(flags)) => format!("remount:{flags}"),
        };
        match Setting::parse(SettingKey::RemovableMedia, &value) {
            Ok(setting) => self.keep(BLOCK_USB, setting),
            Err(error) => self.fault(format!("{REMOUNT_USB}: {error}")),
        }
    }

    /// Keeps a setting. Two payloads may say the same, but not two different things.
    fn keep(&mut self, name: &str, setting: Setting) {
        let mut others = self.document.settings.iter().map(|placed| &placed.setting);
        match others.find(|other| other.key() == setting.key()) {
            Some(other) if *other == setting => {}
            Some(other) => {
                let (one, two) = (other.value(), setting.value());
                self.fault(format!("{name}: is {two} here, but {one} in another place"));
            }
            None => self.document.settings.push(PlacedSetting {
                place: whole(0),
                scope: self.scope.clone(),
                setting,
            }),
        }
    }

    fn note(&mut self, text: String) {
        self.document.notes.push(Remark { place: whole(0), text });
    }

    fn fault(&mut self, text: String) {
        self.document.faults.push(Remark { place: whole(0), text });
    }
}

/// A list of mount flags as the setting has it.
fn mount_flags(value: &Plist) -> String {
    match value {
        Plist::Array(flags) => {
            flags.iter().filter_map(Plist::as_string).collect::<Vec<_>>().join(",")
        }
        value => text(value).unwrap_or_default(),
    }
}

/// A value as people write it on a command line.
fn text(value: &Plist) -> Option<String> {
    match value {
        Plist::String(text) => Some(text.clone()),
        Plist::Boolean(flag) => Some(flag.to_string()),
        Plist::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
