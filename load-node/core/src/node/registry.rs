//! What the registry says of this node, and whether it may sign.

use super::LoadNode;
use crate::types::*;
use loadstone_core::{Device, Resource};

impl LoadNode {
    pub(super) fn on_device(&mut self, now: Now, device: Option<Device>, resource: Option<Resource>) {
        match self.admission(device, resource) {
            Ok(identity) => {
                self.admitted = true;
                if identity.incarnation > self.writer.tip().incarnation {
                    self.writer.renew(identity.incarnation);
                    self.disowned.clear();
                }
                if self.identity != Some(identity) {
                    self.identity = Some(identity);
                    self.out.push(Output::Persist(vec![Change::Identity(identity)], false));
                    self.reissue(now);
                }
            }
            Err(reason) => {
                self.admitted = false;
                self.note(Note::Refused(reason));
            }
        }
    }

    /// Whether the registry lets this node sign, with a reason and a remedy where it does not.
    fn admission(&self, device: Option<Device>, resource: Option<Resource>) -> Result<Identity, String> {
        let id = self.config.device;
        let device = device.ok_or(format!("device {id} is not registered: its owner registers the resource first"))?;
        let resource = resource.ok_or(format!("resource {} is not registered", self.config.resource))?;
        if device.revoked {
            return Err(format!("device {id} is revoked: its owner renews it with a new key"));
        }
        if device.key != self.signer.public() {
            return Err(format!("device {id} is registered with another key: use that key's file, or rotate the key"));
        }
        if device.resource != self.config.resource || resource.device != id {
            return Err(format!(
                "device {id} does not meter resource {}: correct the configuration",
                self.config.resource
            ));
        }
        if resource.area != self.config.area {
            return Err(format!("the resource lies in area {}, not {}", resource.area, self.config.area));
        }
        if device.incarnation < self.writer.tip().incarnation {
            return Err(format!("the registry names incarnation {}, which is over here", device.incarnation));
        }
        Ok(Identity { incarnation: device.incarnation, load_min: resource.load_min, load_max: resource.load_max })
    }
}
