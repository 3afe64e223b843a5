import { Module } from '@nestjs/common';

import { AccountBindingModule } from '../../account-binding/account-binding.module.js';
import { AuditModule } from '../../audit/audit.module.js';
import { ConnectionsModule } from '../../connections/connections.module.js';
import { PhoneVerificationModule } from '../../phone-verification/phone-verification.module.js';
import { IssuerModule } from '../issuer/issuer.module.js';
import { AssetsController } from './assets.controller.js';
import { AttemptsRepository } from './attempts.repository.js';
import { BindAttempt } from './binding/bind-attempt.js';
import { BindingController } from './binding/binding.controller.js';
import { BindingLink } from './binding/binding-link.js';
import { BindingLinksRepository } from './binding/binding-links.repository.js';
import { Callback } from './callback.js';
import { Departure } from './departure.js';
import { DomainVerificationController } from './domain-verification.controller.js';
import { EntryController } from './entry.controller.js';
import { Entry } from './entry.js';
import { FormToken } from './form-token.js';
import { HandOff } from './hand-off.js';
import { TenantChoice } from './tenant-choice.js';
import { OwnSignIn } from './own-sign-in.js';
import { PersonSignIn } from './person-sign-in.js';
import { PlatformCodeGrant } from './platform-code.grant.js';
import { PostedRequestsController } from './posted-requests.controller.js';
import { SignInController } from './sign-in.controller.js';
import { StartAgain } from './start-again.js';
import { BeginStep } from './steps/begin-step.js';
import { FinishStep } from './steps/finish-step.js';
import { JoinAccount } from './steps/join-account.js';
import { LocalPassword } from './steps/local-password.js';
import { PhoneProof } from './steps/phone-proof.js';
import { SettleStep } from './steps/settle-step.js';
import { StepViews } from './steps/step-views.js';
import { StepsController } from './steps/steps.controller.js';
import { StepsRepository } from './steps/steps.repository.js';
import { Steps } from './steps/steps.js';

/** The steps of a sign-in that asks for more than the platform says. */
const steps = [
  BeginStep,
  FinishStep,
  JoinAccount,
  LocalPassword,
  PhoneProof,
  SettleStep,
  StepViews,
  StepsRepository,
  Steps,
];

/** The browser's way through a sign-in, and the links that bind one more identity. */
@Module({
  imports: [
    AccountBindingModule,
    AuditModule,
    ConnectionsModule,
    IssuerModule,
    PhoneVerificationModule,
  ],
  controllers: [
    SignInController,
    StepsController,
    BindingController,
    EntryController,
    DomainVerificationController,
    PostedRequestsController,
    AssetsController,
  ],
  providers: [
    ...steps,
    AttemptsRepository,
    BindAttempt,
    BindingLink,
    BindingLinksRepository,
    Callback,
    Departure,
    Entry,
    FormToken,
    HandOff,
    TenantChoice,
    OwnSignIn,
    PersonSignIn,
    PlatformCodeGrant,
    StartAgain,
  ],
  exports: [BindingLinksRepository, FormToken, OwnSignIn],
})
export class SignInModule {}
